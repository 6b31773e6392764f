#include "cli/mcp/target.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/probe.hpp"
#include "core/base/text.hpp"
#include "core/config/formats.hpp"
#include "core/config/option_reader.hpp"

namespace exai::cli {

namespace {

constexpr std::string_view kPath = "/ws";
constexpr std::string_view kHttpPath = "/mcp";
constexpr std::string_view kSubprotocol = "mcp";
// Those of the table that say where exaid listens, and their older names.
constexpr std::array<std::string_view, 9> kOptions = {
    "EXAI_WS_HOST",     "EXAI_WS_HOST_FILE", "EXAI_WS_PORT",       "EXAI_WS_PORT_FILE",
    "WS_PORT",          "EXAI_WS_TOKEN",     "EXAI_WS_TOKEN_FILE", "EXAI_TLS_CERTIFICATE_PATH",
    "EXAI_TLS_KEY_PATH"};

tl::unexpected<Error> no_endpoint(std::string_view url, std::string_view why) {
  return fail(Errc::invalid, "\"{}\" {}; it looks like ws://127.0.0.1:8079/ws", printable(url),
              why);
}

WebSocketAddress with_token(WebSocketAddress address, const Secret& token) {
  if (!token.empty()) address.headers["authorization"] = "Bearer " + std::string(token.reveal());
  return address;
}

// An address to listen on is not always one to connect to.
std::string reachable(std::string host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  if (host == "::") return "::1";
  return host;
}

Result<Target> target_of_environment(const Context& context, const std::string& url) {
  std::map<std::string, std::string> given;
  for (const std::string_view name : kOptions)
    if (const auto found = context.environment.find(name); found != context.environment.end())
      given.emplace(*found);
  const auto read = [](const Path& path) { return read_file(path, 64U << 10U); };
  config::OptionReader options(config::OptionTable::shipped(), "exaid", given, read);
  for (const config::Diagnostic& wrong : options.diagnostics())
    if (wrong.severity == config::Severity::error) return fail(Errc::invalid, "{}", wrong.message);
  const Secret token = options.secret("EXAI_WS_TOKEN");
  if (!token.empty()) context.redactor->add("EXAI_WS_TOKEN", token);
  if (!url.empty()) {
    TRY(address, parse_endpoint(url));
    return Target{with_token(std::move(address), token)};
  }
  WebSocketAddress address;
  address.host = reachable(options.text("EXAI_WS_HOST"));
  address.port = options.port("EXAI_WS_PORT");
  address.tls = !options.text("EXAI_TLS_CERTIFICATE_PATH").empty();
  address.path = kPath;
  address.subprotocol = kSubprotocol;
  return Target{with_token(std::move(address), token)};
}

const config::Check* mcp_check(const config::Service& service) {
  for (const auto* check : {&service.ready, &service.healthy})
    if (*check && (*check)->kind == "mcp") return &**check;
  return nullptr;
}

Result<Target> target_of_stack(const Context& context, const Workspace& workspace) {
  const config::Loaded loaded = load_stack(context, workspace);
  if (!loaded.stack)
    return fail(Errc::invalid, "{} has errors; see them: exai validate",
                workspace.stack_file.string());
  for (const config::Service& service : loaded.stack->services) {
    const config::Check* check = mcp_check(service);
    if (!check) continue;
    TRY(address, parse_endpoint(config::url_of(*check, std::string(kHttpPath))));
    address.ca = check->setting("ca");
    const std::string name = check->setting("token");
    if (name.empty()) return Target{std::move(address), service.name};
    const auto token = existing_secret({workspace, loaded.stack}, name);
    return Target{with_token(std::move(address), token.value_or(Secret())), service.name};
  }
  return fail(Errc::invalid,
              "no service of {} has an mcp check, which says where to connect; give one "
              "`ready = {{ mcp = \"tools/call status\" }}`, or use --url",
              workspace.stack_file.string());
}

}  // namespace

Result<WebSocketAddress> parse_endpoint(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::string_view name = url.substr(0, scheme == std::string_view::npos ? 0 : scheme);
  const bool is_tls = name == "wss" || name == "https";
  if (!is_tls && name != "ws" && name != "http")
    return no_endpoint(url, "is no URL of a WebSocket");
  std::string_view rest = url.substr(scheme + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  std::string_view path = rest.substr(slash);
  if (authority.find('@') != std::string_view::npos)
    return no_endpoint(url, "has a name or password in it; the token is EXAI_WS_TOKEN");
  const bool bracketed = authority.starts_with('[');
  const std::size_t close = bracketed ? authority.find(']') : 0;
  if (close == std::string_view::npos) return no_endpoint(url, "has a bracket without its end");
  const std::size_t colon = authority.find(':', close);
  WebSocketAddress address;
  address.tls = is_tls;
  address.port = is_tls ? 443 : 80;
  if (colon != std::string_view::npos) {
    const auto port = config::parse_port(authority.substr(colon + 1));
    if (!port) return no_endpoint(url, "has no valid port");
    address.port = *port;
    authority = authority.substr(0, colon);
  }
  address.host = bracketed ? authority.substr(1, close - 1) : authority;
  if (address.host.empty()) return no_endpoint(url, "names no host");
  if (path == "/") path = "";
  const bool is_http = path.ends_with(kHttpPath);
  if (is_http) path.remove_suffix(kHttpPath.size());
  address.path = path;
  if (is_http || path.empty()) address.path += kPath;
  address.subprotocol = kSubprotocol;
  return address;
}

std::string url_of(const WebSocketAddress& address) {
  const bool bracketed = address.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}{}", address.tls ? "wss" : "ws", bracketed ? "[" : "",
                     address.host, bracketed ? "]" : "", address.port, address.path);
}

namespace {

Result<Target> find_target_at(const Context& context, const std::string& url) {
  if (!url.empty()) return target_of_environment(context, url);
  const auto workspace = find_workspace(context.file, context.environment);
  if (workspace) return target_of_stack(context, *workspace);
  const bool named = context.file || !value_or_empty(context.environment, "EXAI_FILE").empty();
  if (named) return fail(workspace.error());
  return target_of_environment(context, url);
}

}  // namespace

Result<Target> find_target(const Context& context, const std::string& url, const std::string& ca) {
  TRY(target, find_target_at(context, url));
  if (ca.empty()) return target;
  if (!target.address.tls)
    return fail(Errc::invalid, "--ca is for wss:// and https://; {} is without TLS",
                url_of(target.address));
  std::error_code ignored;
  target.address.ca = std::filesystem::absolute(ca, ignored);
  return target;
}

SpawnSpec up_command(const Context& context, const std::string& service) {
  SpawnSpec spec;
  spec.command = {executable_path().string(), "up", "--detach", "--no-color"};
  if (context.file) spec.command.insert(spec.command.end(), {"--file", context.file->string()});
  if (context.env) spec.command.insert(spec.command.end(), {"--env", *context.env});
  spec.command.push_back(service);
  spec.environment = context.environment;
  spec.stdout_fd = STDERR_FILENO;
  return spec;
}

Task<Result<>> run_command(SpawnSpec spec) {
  auto started = spawn(spec);
  if (!started) co_return fail(std::move(started).error());
  auto ended = co_await wait_readable(started->pidfd);
  if (!ended) co_return ended;
  siginfo_t how{};
  ::waitid(P_PIDFD, static_cast<id_t>(started->pidfd.get()), &how, WEXITED);
  if (how.si_code == CLD_EXITED && how.si_status == 0) co_return Result<>{};
  co_return fail(Errc::unavailable, "it ended with {}", how.si_status);
}

}  // namespace exai::cli
