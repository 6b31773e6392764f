// exai events: what happened to the services, by number, and what goes on happening.
#include <algorithm>
#include <chrono>
#include <thread>

#include "cli/args.hpp"
#include "cli/engine.hpp"
#include "cli/interrupt.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit events(Context& context, Args& args);

namespace {

constexpr Duration kPage = 250ms;   // how late Ctrl-C may be
constexpr Duration kPause = 100ms;  // between two looks for a supervisor

struct Wanted {
  std::vector<std::string> services;  // empty: all
  std::uint64_t since = 0;
};

bool is_wanted(const Wanted& wanted, const control::Event& event) {
  return wanted.services.empty() || std::find(wanted.services.begin(), wanted.services.end(),
                                              event.service) != wanted.services.end();
}

void print_gap(Context& context, std::uint64_t from, std::uint64_t to) {
  if (context.json)
    context.out.print("{}\n", to_text(json::object{{"gap", {{"from", from}, {"to", to}}}}));
  else
    context.out.print("{}\n", context.out.paint(Tone::warn, fmt::format("events {} to {} are not "
                                                                        "remembered any more",
                                                                        from, to)));
}

void print_event(Context& context, const control::Event& event) {
  Stream& out = context.out;
  if (context.json) {
    out.print("{}\n", to_text(control::to_json(event)));
    return;
  }
  const std::string change =
      event.from == event.to
          ? std::string(control::name(event.to))
          : fmt::format("{} → {}", control::name(event.from), control::name(event.to));
  out.print("{:>6}  {}  {}  {}{}\n", event.sequence,
            out.paint(Tone::dim, format_local(event.time).substr(0, 19)),
            out.paint(Tone::strong, event.service.empty() ? "(stack)" : event.service), change,
            event.cause.empty() ? "" : ": " + printable(event.cause));
}

// Moves `since` on.
void print_page(Context& context, Wanted& wanted, const control::EventPage& page) {
  if (page.gap) {
    const std::uint64_t known_from =
        page.events.empty() ? page.last + 1 : page.events.front().sequence;
    const std::uint64_t since = wanted.since > page.last ? 0 : wanted.since;
    if (known_from > since + 1) print_gap(context, since + 1, known_from - 1);
  }
  for (const control::Event& event : page.events)
    if (is_wanted(wanted, event)) print_event(context, event);
  wanted.since = page.last;
}

// The next supervisor of this stack: there is one again after a crash, when somebody types exai up.
std::optional<control::Client> next_supervisor(Context& context, const Workspace& workspace,
                                               const InterruptWatch& watch) {
  context.err.write("the supervisor has gone; waiting for the next one\n");
  while (!watch.interrupted()) {
    auto client = control::Client::connect(client_socket(context, workspace));
    if (client) return *std::move(client);
    std::this_thread::sleep_for(kPause);
  }
  return std::nullopt;
}

Exit follow_events(Context& context, const Workspace& workspace, control::Client client,
                   Wanted wanted) {
  const InterruptWatch watch;
  while (!watch.interrupted()) {
    const auto page = client.events(wanted.since, kPage);
    if (page) {
      print_page(context, wanted, *page);
      continue;
    }
    if (page.error().code() != Errc::unavailable) return explain_failure(context, page.error());
    auto next = next_supervisor(context, workspace, watch);
    if (next) client = *std::move(next);
  }
  return Exit::interrupted;
}

}  // namespace

Exit events(Context& context, Args& args) {
  bool following = false;
  std::size_t since = 0;
  Wanted wanted;
  args.about(
      "Prints each change of a service with its number, its time and its cause, as far back as\n"
      "the supervisor remembers (the last 1024). With -f it goes on until Ctrl-C, over a restart\n"
      "of the supervisor too; what it missed is said. With --json each event is a line of JSON.\n\n"
      "  exai events -f redis\n"
      "  exai events --since 120 --json     go on after the last one you have seen");
  args.flag("-f,--follow", following, "go on with what happens from now on");
  args.number("-s,--since", "SEQ", since, "only those after the one with this number");
  args.words("SERVICE", wanted.services, "only these");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  auto reached = reach(context);
  if (!reached) return reached.error();
  control::Client& client = reached->client;
  if (const auto named = client.states(wanted.services); !named)  // says who is not there
    return explain_failure(context, named.error());
  set_timezone(reached->status.timezone);
  wanted.since = since;
  const auto page = client.events(since, 0ms);
  if (!page) return explain_failure(context, page.error());
  print_page(context, wanted, *page);
  return following ? follow_events(context, reached->workspace, std::move(client), std::move(wanted))
                   : Exit::ok;
}

}  // namespace exai::cli
