// exaid: the MCP server. Reads only its environment; prints nothing on stdout but what --help,
// --version and --check ask for, and with --stdio the protocol. Exit codes: 0 ended on request, 1
// could not serve, 2 options wrong.

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <exception>

#include "core/base/os.hpp"
#include "core/base/text.hpp"
#include "core/base/version.hpp"
#include "daemon/daemon.hpp"

namespace exai {
namespace {

constexpr std::string_view kHelp =
    R"(exaid, the MCP server of EXAI. Usually started by `exai up`.

usage: exaid [--stdio | --check | --conformance-fixtures | --version | --help]

Without an argument it serves until SIGTERM: MCP over HTTP and WebSocket, health, metrics.
  --stdio    serve the one client on stdin and stdout, and no ports, until stdin ends
  --check    only say whether the options are valid (exit 0 or 2)
  --version  print the version
  --help     print this
  --conformance-fixtures  serve what MCP's conformance suite wants to find, too; for that suite only

Options are environment variables (EXAI_WS_PORT, EXAI_STORE, KIMI_API_KEY, …), and NAME_FILE reads
NAME from a file. .env.example lists them all.
)";

enum class Mode { serve, serve_fixtures, serve_stdio, check };

int print(std::string_view text) {
  fmt::print("{}", text);
  return 0;
}

void warn(const config::Diagnostics& wrong) {
  const auto colour = is_terminal(2) ? config::Colour::always : config::Colour::never;
  fmt::print(stderr, "{}", config::render(wrong, colour));
}

int refuse(const config::Diagnostics& wrong) {
  warn(wrong);
  const auto is_error = [](const config::Diagnostic& one) {
    return one.severity == config::Severity::error;
  };
  const auto errors = static_cast<std::size_t>(std::count_if(wrong.begin(), wrong.end(), is_error));
  fmt::print(stderr, "exaid: not started: {} in the options\n", count_of(errors, "error"));
  return 2;
}

std::shared_ptr<Redactor> make_redactor(const Settings& settings) {
  auto redactor = std::make_shared<Redactor>();
  for (const auto& secret : settings.secrets) redactor->add(secret.first, secret.second);
  return redactor;
}

int serve(Settings settings) {
  ignore_sigpipe();
  forbid_memory_dumps();
  set_timezone(settings.timezone);
  const auto redactor = make_redactor(settings);
  auto log = Log::open(settings.log, redactor);
  if (!log) {
    fmt::print(stderr, "exaid: {}\n", log.error().message());
    return 1;
  }
  Loop loop;
  SystemClock clock;
  Daemon daemon(loop, clock, *log, *redactor, std::move(settings));
  const Result<> served = loop.run_until_done(daemon.serve());
  if (!served) log->error("not started", {{"error", served.error().message()}});
  log->flush();
  return served ? 0 : 1;
}

int start(Mode mode) {
  const Environment environment = current_environment();
  const std::map<std::string, std::string> given(environment.begin(), environment.end());
  config::OptionReader options(config::OptionTable::shipped(), "exaid", given, read_option_file);
  Settings settings = read_settings(options);
  read_surroundings(environment, settings);
  config::Diagnostics wrong = options.diagnostics();
  const config::Diagnostics together = check(settings);
  wrong.insert(wrong.end(), together.begin(), together.end());
  if (config::has_errors(wrong)) return refuse(wrong);
  if (!wrong.empty()) warn(wrong);
  if (mode == Mode::check) return print("the options are valid\n");
  settings.conformance_fixtures = mode == Mode::serve_fixtures;
  settings.stdio = mode == Mode::serve_stdio;
  return serve(std::move(settings));
}

int run(int argc, char** argv) {
  const std::string_view argument = argc > 1 ? argv[1] : "";
  if (argc == 1) return start(Mode::serve);
  if (argc == 2 && argument == "--check") return start(Mode::check);
  if (argc == 2 && argument == "--stdio") return start(Mode::serve_stdio);
  if (argc == 2 && argument == "--conformance-fixtures") return start(Mode::serve_fixtures);
  if (argc == 2 && argument == "--version") return print(fmt::format("exaid {}\n", kVersion));
  if (argc == 2 && argument == "--help") return print(kHelp);
  fmt::print(stderr, "exaid: unknown argument \"{}\"\n\n{}", argv[argc == 2 ? 1 : argc - 1], kHelp);
  return 2;
}

}  // namespace
}  // namespace exai

int main(int argc, char** argv) {
  try {
    return exai::run(argc, argv);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "exaid: {}\n", failure.what());
    return 1;
  }
}
