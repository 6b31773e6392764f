// exai mcp: the server that MCP clients launch; it passes on what exaid says. The verb config is in
// mcp_config.cpp, the bridge itself in mcp/.
#include "cli/args.hpp"
#include "cli/mcp/bridge.hpp"
#include "cli/mcp/target.hpp"
#include "cli/verbs.hpp"
#include "core/base/text.hpp"
#include "core/base/tls.hpp"

namespace exai::cli {

Exit mcp(Context& context, Args& args);
Exit mcp_config(Context& context, Args& args);

namespace {

constexpr Command kConfig{"mcp config", "print or install the entry of an MCP client", mcp_config};

struct Wanted {
  std::string url;
  std::string ca;
  bool up = false;
  Duration patience = 30s;
};

Exit serve(Context& context, const Wanted& wanted) {
  const auto target = find_target(context, wanted.url, wanted.ca);
  if (!target) return complain(context, Exit::bad_input, target.error().message());
  if (target->address.tls)
    if (const auto trusted = tls_client(target->address.ca); !trusted)
      return complain(context, Exit::bad_input, trusted.error().message());
  if (wanted.up && target->service.empty())
    return complain(
        context, Exit::bad_input,
        "--up starts a service of a stack, and there is no stack file; name it: --file");
  auto log = Log::open({}, context.redactor);
  if (!log) return complain(context, Exit::not_ok, log.error().message());

  bridge::BridgeOptions options;
  options.name = url_of(target->address);
  options.patience = wanted.patience;
  options.address = [&context, &wanted]() -> Result<WebSocketAddress> {
    TRY(now, find_target(context, wanted.url, wanted.ca));
    return std::move(now.address);
  };
  if (wanted.up)
    options.start_daemon = [&context, service = target->service] {
      return run_command(up_command(context, service));
    };
  Loop loop;
  SystemClock clock;
  const Result<> served =
      loop.run_until_done(bridge::run_bridge(loop, clock, *log, std::move(options)));
  log->flush();
  if (served) return Exit::ok;
  return complain(context, Exit::not_ok, served.error().message());
}

}  // namespace

Exit mcp(Context& context, Args& args) {
  Wanted wanted;
  std::string patience = "30s";
  std::vector<std::string> words = args.given();
  if (Description* description = args.wanted()) {
    description->verbs.push_back({std::string(kConfig.name), std::string(kConfig.summary),
                                  Args::describe(kConfig, context)});
  } else if (take_leading_word(words) == verb_of(kConfig.name)) {
    Args rest(kConfig, std::move(words));
    return mcp_config(context, rest);
  }
  args.about(
      "An MCP server on stdin and stdout, for clients that launch one: it passes everything on\n"
      "to exaid, and stays when exaid restarts. Sessions go on; what only reads is asked again;\n"
      "of any other call that was under way the client is told that nobody knows whether it\n"
      "ran. Ends with stdin (exit 0). Its log is on stderr.\n\n"
      "  exai mcp config           the entry for the client's configuration\n"
      "  exai mcp --up             start the stack when exaid does not answer");
  args.text("--url", "URL", wanted.url, "ws://HOST:PORT/ws (wss://), instead of the stack's");
  args.text("--ca", "FILE", wanted.ca, "the CA that vouches for exaid, if the system does not");
  args.flag("--up", wanted.up, "start exaid and what it needs, once, if it is not there");
  args.text("--wait", "DURATION", patience, "a request waits so long for exaid (30s)");
  if (const auto done = args.parse(context)) return *done;
  const auto parsed = parse_duration(patience);
  if (!parsed) return args.misuse(context, "--wait: " + parsed.error().message());
  wanted.patience = *parsed;
  return serve(context, wanted);
}

}  // namespace exai::cli
