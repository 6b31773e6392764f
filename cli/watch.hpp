#pragma once
// `exai status --watch` at a terminal: the board (board.hpp) on a full screen (terminal.hpp), fed
// by the supervisor once a second and after each key. Ends with q, or Ctrl-C. A supervisor that
// goes away is waited for.

#include "cli/engine.hpp"

namespace exai::cli {

Exit watch_board(Context& context, const Workspace& workspace, control::Client client);

}  // namespace exai::cli
