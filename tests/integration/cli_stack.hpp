#pragma once
// A stack of small services in a folder of its own for the built `exai`, taken down whatever
// happens.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.hpp"
#include "tests/support/support.hpp"

namespace exai::test {

inline constexpr std::string_view kHead = R"([stack]
name = "try"
timezone = "Australia/Melbourne"
environment = "dev"
[environments.dev]
layers = []
)";

inline constexpr std::string_view kTwo = R"(
[services.base]
process = ["sleep", "1000"]
[services.web]
process = ["sleep", "1000"]
needs = { base = "ready" }
)";

class CliStack {
 public:
  explicit CliStack(std::string_view services) { write(services); }
  ~CliStack() { exai({"down"}); }

  void write(std::string_view services) const {
    folder_.write("exai.toml", std::string(kHead) + std::string(services));
  }
  Outcome exai(std::vector<std::string> words) const { return run(command(std::move(words))); }
  Command command(std::vector<std::string> words) const {
    Command command;
    command.arguments = {EXAI};
    command.arguments.insert(command.arguments.end(), words.begin(), words.end());
    command.environment["EXAI_STATE_DIR"] = (folder_ / "state").string();
    command.environment.erase("EXAI_FILE");
    command.environment.erase("EXAI_ENV");
    command.directory = folder_.path();
    return command;
  }
  Path path(std::string_view name) const { return folder_ / name; }
  json::object status() const { return *parse_json_object(exai({"status", "--json"}).out); }
  std::int64_t supervisor() const { return *find_integer(status(), "supervisor_pid"); }

 private:
  TempDir folder_;
};

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace exai::test
