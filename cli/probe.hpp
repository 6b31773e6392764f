#pragma once
// The services' checks, run once from here: what `exai health` and `exai doctor` see from outside,
// whatever the supervisor believes. All at the same time; each ends within its own timeout.

#include <map>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "core/base/json.hpp"

namespace exai::cli {

enum class Purpose { ready, healthy };
std::string_view name(Purpose purpose);

struct Probed {
  std::string service;
  Purpose purpose = Purpose::ready;
  std::string check;  // "mcp tools/call status"
  bool mcp = false;   // it went the whole way of a tool call
  bool ok = false;
  std::string detail;
  Duration took{};
};

using Pids = std::map<std::string, pid_t>;  // service → its process, if it is known to run

// The processes of the stack: as the supervisor says, else as its snapshot does.
Pids running_pids(const Workspace& workspace);

// The ready and healthy checks of these services (none named: of all), in the file's order.
// Nothing: Ctrl-C.
std::optional<std::vector<Probed>> run_checks(const Context& context, const Opened& opened,
                                              const std::vector<std::string>& services,
                                              const Pids& pids);

// The value of a variable that may be secret, if it is there already: looking at a stack must not
// be what makes its secrets.
std::optional<Secret> existing_secret(const Opened& opened, const std::string& variable);

// {"ok","checks":[{"service","purpose","check","ok","detail","took_ms"}]}
json::object to_json(const std::vector<Probed>& results);

}  // namespace exai::cli
