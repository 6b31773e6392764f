// L1. The table of architecture.md, as data: who may include whom, and which files may touch which
// third-party library. A module is a folder of the tree below; the longest match counts.

#include "tests/lint/lint.hpp"

namespace exai::lint {
namespace {

struct Module {
  std::string_view folder;
  std::vector<std::string_view> may_include;  // path prefixes, besides its own folder
};

// The pure part of base: what modules without loop, network and disk may see.
const std::vector<std::string_view> kPureBase = {
    "core/base/ascii.hpp",  "core/base/boxed.hpp",  "core/base/contains.hpp",
    "core/base/error.hpp",  "core/base/hash.hpp",   "core/base/json.hpp",
    "core/base/redact.hpp", "core/base/secret.hpp", "core/base/text.hpp",
    "core/base/time.hpp",   "core/base/url.hpp",    "core/base/version.hpp"};
const std::vector<std::string_view> kCore = {"core/"};

std::vector<std::string_view> with(std::vector<std::string_view> some,
                                   std::initializer_list<std::string_view> more) {
  some.insert(some.end(), more);
  return some;
}

const std::vector<Module>& modules() {
  static const std::vector<Module> table = {
      {"core/base/", {}},
      {"core/auth/", with(kPureBase, {"core/base/base64.hpp"})},
      {"core/config/", kPureBase},
      {"core/resilience/", {"core/base/error.hpp", "core/base/time.hpp"}},
      {"core/telemetry/", {"core/base/"}},
      {"core/checks/", {"core/base/", "core/config/"}},
      {"core/database/", {"core/base/"}},
      {"core/control/", {"core/base/"}},
      {"core/logs/", {"core/base/"}},
      {"core/secrets/", {"core/base/", "core/config/"}},
      {"core/workspace/", {"core/base/", "core/config/", "core/secrets/"}},
      {"supervisor/process/", {"core/base/", "core/logs/"}},
      {"supervisor/engine/", {"core/base/"}},
      {"supervisor/service/",
       {"core/base/", "core/config/", "core/checks/", "core/control/", "core/logs/",
        "core/workspace/", "supervisor/process/", "supervisor/engine/"}},
      {"supervisor/", with(kCore, {"supervisor/"})},
      {"daemon/mcp/", {"core/base/"}},
      {"daemon/net/", {"core/base/", "core/auth/", "core/resilience/", "daemon/mcp/"}},
      {"daemon/providers/",
       {"core/base/", "core/config/", "core/resilience/", "core/telemetry/", "daemon/mcp/mcp.hpp"}},
      {"daemon/store/",
       {"core/base/", "core/config/", "core/resilience/", "core/telemetry/", "daemon/mcp/mcp.hpp"}},
      {"daemon/tools/",
       {"core/base/", "core/config/", "core/resilience/", "core/telemetry/", "daemon/mcp/mcp.hpp",
        "daemon/mcp/content.hpp", "daemon/providers/", "daemon/store/"}},
      {"daemon/", with(kCore, {"daemon/"})},
      {"cli/", kCore},
  };
  return table;
}

struct Owner {
  std::string_view header;  // what stands between < and >; with a slash last, a folder
  std::vector<std::string_view> may_touch;  // path prefixes; empty: nobody
};

const std::vector<Owner>& owners() {
  static const std::vector<Owner> table = {
      {"CLI/", {"cli/args.cpp"}},
      {"toml++/", {"core/config/toml.cpp"}},
      {"toml.hpp", {"core/config/toml.cpp"}},
      {"curl/", {"core/base/http_curl.hpp"}},
      {"openssl/", {"core/auth/keys.cpp", "core/base/openssl.hpp"}},
      {"hiredis/", {"core/checks/redis.cpp", "daemon/store/redis.cpp"}},
      {"spdlog/", {"core/base/log.cpp"}},
      {"sodium.h", {"core/secrets/age.cpp", "daemon/mcp/seal.cpp", "daemon/store/sha256.cpp"}},
      {"boost/beast/",
       {"core/base/beast_stream.hpp", "core/base/websocket_client.cpp",
        "daemon/net/http_message.cpp", "daemon/net/websocket.cpp"}},
      {"boost/json/", {"core/base/"}},
      {"boost/json.hpp", {}},
      {"boost/beast.hpp", {}},
      {"boost/asio.hpp", {}},
      {"nlohmann/", {}},
      {"regex", {}},
      {"iostream", {}},
      {"fstream", {}},
      {"sstream", {"core/config/toml.cpp", "core/config/yaml.cpp"}},
      {"yaml-cpp/", {"core/config/yaml.cpp"}},
      {"zstd.h", {"core/logs/zstd.cpp"}},
  };
  return table;
}

// Generated headers: <build>/generated/embedded/<symbol>.hpp.
constexpr std::string_view kGenerated = "embedded/";

const Module* module_of(std::string_view path) {
  const Module* best = nullptr;
  for (const Module& module : modules())
    if (path.starts_with(module.folder) &&
        (best == nullptr || module.folder.size() > best->folder.size()))
      best = &module;
  return best;
}

void check_own(const File& file, std::string_view target, std::size_t at, const Report& report) {
  const Module* module = module_of(file.path);
  if (module == nullptr) {
    report(at, Level::error, "this folder is in no row of the table in tests/lint/layering.cpp");
    return;
  }
  const Module* target_module = module_of(target);
  const bool allowed = target_module == module || starts_with_any(target, module->may_include) ||
                       target.starts_with(kGenerated);
  if (!allowed)
    report(at, Level::error,
           std::string(module->folder) + " may not include " + std::string(target));
}

void check_third_party(const File& file, std::string_view target, std::size_t at,
                       const Report& report) {
  for (const Owner& owner : owners()) {
    const bool folder = owner.header.ends_with('/');
    if (folder ? !target.starts_with(owner.header) : target != owner.header) continue;
    if (starts_with_any(file.path, owner.may_touch)) continue;
    std::string message = "<" + std::string(target) + "> ";
    message += owner.may_touch.empty() ? "is not used here"
                                       : "belongs to " + std::string(owner.may_touch.front());
    report(at, Level::error, message);
  }
}

}  // namespace

void check_includes(const File& file, const Report& report) {
  if (!is_product(file)) return;
  constexpr std::string_view kInclude = "#include ";
  for (std::size_t at = file.text.find(kInclude); at != std::string::npos;
       at = file.text.find(kInclude, at + 1)) {
    if (at != 0 && file.text[at - 1] != '\n') continue;
    const std::size_t begin = at + kInclude.size() + 1;
    const char open = file.text[begin - 1];
    const std::size_t end = file.text.find(open == '<' ? '>' : '"', begin);
    if (end == std::string::npos) continue;
    const std::string_view target = std::string_view(file.text).substr(begin, end - begin);
    if (open == '<')
      check_third_party(file, target, at, report);
    else
      check_own(file, target, at, report);
  }
  if (is_header(file) && !file.text.starts_with("#pragma once\n//"))
    report(0, Level::error, "a header starts with #pragma once and what the module hides");
}

}  // namespace exai::lint
