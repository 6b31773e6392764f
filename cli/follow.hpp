#pragma once
// Watching services come up after somebody asked for it: in a terminal a block that is drawn again
// in place, else one plain line per change. Ends when each has become ready or has failed, or when
// the patience of who asked is at its end.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/engine.hpp"
#include "cli/view.hpp"

namespace exai::cli {

// What to wait for, and since when.
struct Wish {
  std::vector<std::string> services;  // empty: all
  std::uint64_t since = 0;            // the last event before the question
  Baseline baseline;
  std::optional<Duration> patience = {};  // for as long; nothing: until it is decided
};

struct Followed {
  enum class End { ready, failed, late, interrupted, lost } end = End::ready;
  control::StackStatus status;
  std::vector<std::string> failed;  // services, in the file's order
  std::vector<std::string> going;   // those that are on their way yet
  WallTime asked{};                 // what a log says from before is another story
};

Followed follow(Context& context, control::Client& client, const Wish& wish);

// What there is to say when services failed: the first one along the graph, its cause, the end of
// its log, and what to type.
void explain_failed(Context& context, const Workspace& workspace, const Followed& followed);

// Prints what the end of a follow means; the exit code of `up` and `restart`.
Exit conclude(Context& context, const Workspace& workspace, const Followed& followed);

// Asks the supervisor that runs for something, and unless `detach` watches these services (none: all)
// come up. Gives how the stack is then; else the exit code, when all is said on stderr.
using Request = std::function<Result<control::StackStatus>(control::Client&)>;
tl::expected<control::StackStatus, Exit> bring_up(Context& context,
                                                  const std::vector<std::string>& services,
                                                  bool detach, const Request& request);

}  // namespace exai::cli
