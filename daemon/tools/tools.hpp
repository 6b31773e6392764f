#pragma once
// The tools of the daemon. A tool is data plus a function: schemas/tools/<name>.json says what it
// is and what it takes (definition.hpp), <name>.cpp has the function of that name, and one line of
// the list in CMakeLists.txt joins them. The step-wise tools are data alone: workflow.hpp.
//
// A handler's arguments have been validated against its schema. It never fails: what goes wrong is
// a result with is_error, in words that tell the model and the operator what to do.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "daemon/mcp/mcp.hpp"
#include "daemon/providers/openai.hpp"
#include "daemon/providers/router.hpp"
#include "daemon/store/allowed_files.hpp"
#include "daemon/store/files.hpp"
#include "daemon/store/store.hpp"
#include "daemon/tools/definition.hpp"
#include "daemon/tools/journal.hpp"
#include "daemon/tools/stack.hpp"

namespace exai::tools {

// What the daemon tells its tools about itself.
class Host {
 public:
  struct Facts {
    std::string environment;
    std::string timezone;
    Duration uptime{};
    std::size_t http_sessions = 0;
    std::size_t websocket_sessions = 0;
    std::size_t calls_in_flight = 0;
    std::uint64_t calls_total = 0;
    std::uint64_t calls_failed = 0;
  };
  // An option as it is in effect; of a secret never the value.
  struct OptionView {
    std::string name;
    std::string group;
    std::string unit;
    std::string value;  // "(secret)" when it is one and set; "" when it is not set
    std::string from;   // "environment", "REDIS_PASSWORD_FILE", "default"; "" when it is not set
    bool secret = false;
  };
  virtual ~Host() = default;
  virtual Facts facts() = 0;
  virtual json::object health() = 0;  // the report of /health
  virtual const std::vector<OptionView>& options() = 0;
  virtual Stack* stack() = 0;                        // nullptr: nobody supervises this daemon
  virtual std::string redact(std::string text) = 0;  // without the secrets that the daemon knows
};

// How much of a conversation is kept, and for how long.
struct ConversationLimits {
  std::size_t turns = 20;
  Duration keep = 24h;
};

class UploadLine;

// What handlers work with. Lifetime: all of it outlives every call.
struct Context {
  Clock& clock;
  store::Store& store;
  const providers::Router& router;
  Host& host;
  ConversationLimits conversations = {};
  bool experts_by_default = false;           // DEFAULT_USE_ASSISTANT_MODEL
  providers::ProviderSettings glm = {};      // also while it is off: for its preview
  store::AllowedFiles* allowed_files = nullptr;  // of this machine, below EXAI_FILE_ROOTS
  store::FileStore* files = nullptr;             // none: nowhere to keep them
  Path downloads = {};                           // EXAI_DOWNLOAD_DIR

  // These the registry sets.
  Duration call_limit = 5min;
  const std::vector<mcp::ToolInfo>* tools = nullptr;     // those that are offered
  const std::vector<Definition>* definitions = nullptr;  // all
  Journal* journal = nullptr;
  UploadLine* uploads = nullptr;
  std::function<void(const std::string&)> changed = {};  // the conversation of this id
};

// What <name>.cpp defines.
using Handler = Task<mcp::ToolResult> (*)(Context& context, mcp::Call call);

// A result that says what went wrong.
mcp::ToolResult failure(std::string text);
// The structured result with itself, prettily, as its text.
mcp::ToolResult report(json::object structured);

}  // namespace exai::tools
