#include "cli/follow.hpp"

#include <algorithm>
#include <chrono>

#include "cli/interrupt.hpp"
#include "cli/tail.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

namespace {

constexpr Duration kRedraw = 100ms;   // of the block; the seconds in it move
constexpr Duration kPatient = 250ms;  // without a terminal: only for Ctrl-C
constexpr std::size_t kBlockRows = 15;
constexpr std::size_t kLogTail = 12;

bool wished(const Wish& wish, const std::string& service) {
  return wish.services.empty() || config::names_unit(wish.services, service);
}

constexpr std::size_t kNamed = 10;  // what is more than that nobody reads

std::vector<std::string> first_of(std::vector<std::string> names) {
  names.resize(std::min(names.size(), kNamed));
  return names;
}

std::string some_of(const std::vector<std::string>& names) {
  const std::string first = join(first_of(names), ", ");
  if (names.size() <= kNamed) return first;
  return fmt::format("{} and {} more", first, names.size() - kNamed);
}

// True when nothing more is to be waited for.
bool settled(const Wish& wish, Followed& followed) {
  followed.going.clear();
  followed.failed.clear();
  for (const control::ServiceStatus& service : followed.status.services) {
    if (!wished(wish, service.name)) continue;
    const Progress progress = judge(followed.status, service, wish.baseline);
    if (progress == Progress::going) followed.going.push_back(service.name);
    if (progress == Progress::failed) followed.failed.push_back(service.name);
  }
  followed.end = followed.failed.empty() ? Followed::End::ready : Followed::End::failed;
  return followed.going.empty();
}

// The failed service that no other one is to blame for: down the needs, until none of them is the
// trouble. It may be one that nobody asked for by name.
const control::ServiceStatus* first_failed(const Followed& followed) {
  if (followed.failed.empty()) return nullptr;
  const auto failed = [&](const std::string& name) {
    const control::ServiceStatus* service = find_service(followed.status, name);
    return contains(followed.failed, name) || (service && in_trouble(*service));
  };
  std::string name = followed.failed[0];
  for (std::size_t step = 0; step < followed.status.services.size(); ++step) {
    const control::ServiceStatus* service = find_service(followed.status, name);
    if (!service) return nullptr;
    const auto blamed = std::find_if(service->needs.begin(), service->needs.end(), failed);
    if (blamed == service->needs.end()) return service;
    name = *blamed;
  }
  return find_service(followed.status, name);
}

// A service that keeps dying is seen in any state of its circle; what kills it is always the same.
std::string why_it_failed(const control::ServiceStatus& service) {
  const bool circling =
      service.state == control::State::starting || service.state == control::State::backoff;
  if (circling && !service.last_restart_cause.empty())
    return fmt::format("{}, {}", service.last_restart_cause,
                       count_of(static_cast<std::size_t>(service.restarts), "restart"));
  return service.cause.empty() ? reason_text(service) : service.cause;
}

class Display {
 public:
  explicit Display(Stream& stream) : stream_(stream), block_(stream) {}

  bool live() const { return stream_.terminal(); }

  void show(const control::EventPage& page, const control::StackStatus& status) {
    if (live()) {
      const Table table = progress_table(status, std::chrono::system_clock::now(), kBlockRows);
      block_.draw(layout(table, stream_.width(), stream_.colours()));
      return;
    }
    for (const control::Event& event : page.events) {
      const std::string line = event_line(event, status);
      if (line != last_line_) stream_.print("{}\n", line);
      last_line_ = line;
    }
  }
  void end() { block_.erase(); }  // the table of the end takes its place

 private:
  Stream& stream_;
  LiveBlock block_;
  std::string last_line_;
};

}  // namespace

Followed follow(Context& context, control::Client& client, const Wish& wish) {
  const InterruptWatch watch;
  const Time limit = std::chrono::steady_clock::now() + wish.patience.value_or(0ms);
  Display display(context.talk());
  Followed followed;
  followed.asked = wish.baseline.asked;
  std::uint64_t since = wish.since;
  Duration wait = 0ms;  // what has happened already is shown at once
  for (;;) {
    const auto page = client.events(since, wait);
    const auto status = client.states();
    if (!page || !status) {
      display.end();
      followed.end = Followed::End::lost;
      return followed;
    }
    since = page->last;
    wait = display.live() ? kRedraw : kPatient;
    followed.status = *status;
    const bool over = settled(wish, followed);
    display.show(*page, *status);
    // The status may know of changes that are younger than the page: they are shown before the end.
    if (over)
      if (const auto rest = client.events(since, 0ms)) display.show(*rest, *status);
    const bool late = wish.patience && std::chrono::steady_clock::now() >= limit;
    if (over || late || watch.interrupted()) {
      display.end();
      if (!over) followed.end = late ? Followed::End::late : Followed::End::interrupted;
      return followed;
    }
  }
}

void explain_failed(Context& context, const Workspace& workspace, const Followed& followed) {
  const control::ServiceStatus* first = first_failed(followed);
  if (!first) return;
  Stream& err = context.err;
  const std::string why = why_it_failed(*first);
  complain(
      context, Exit::not_ok,
      fmt::format("{} does not come up: {}", first->name, why.empty() ? "no cause known" : why));
  std::vector<std::string> others;
  for (const std::string& name : followed.failed)
    if (name != first->name) others.push_back(name);
  if (!others.empty()) err.print("      because of it, or as well: {}\n", some_of(others));
  if (const std::string check = first->ready ? first->ready->detail : ""; !check.empty())
    err.print("      its check: {}: {}\n", first->ready->check, check);
  auto lines = last_lines(workspace.service_log(first->name), first->name, kLogTail);
  std::erase_if(lines,
                [&](const LogLine& line) { return line.time && line.time < followed.asked; });
  err.write(lines.empty() ? "it wrote nothing\n" : "the end of its log:\n");
  for (const LogLine& line : lines) err.print("  {}\n", printable(line.text));
  if (first->state != control::State::failed) err.print("the supervisor goes on trying\n");
  err.print("more: exai logs {}      find the first cause: exai doctor\n", first->name);
}

namespace {

// What is not ready in time: each with the reason that it gives itself.
void explain_late(Context& context, const Followed& followed) {
  complain(context, Exit::not_ok, "not ready in time: " + some_of(followed.going));
  for (const std::string& name : first_of(followed.going)) {
    const control::ServiceStatus* service = find_service(followed.status, name);
    const std::string why = service ? reason_text(*service) : "";
    if (!why.empty()) context.err.print("      {}: {}\n", name, why);
  }
  context.err.write("the stack goes on without you; watch it: exai status --watch\n");
}

}  // namespace

Exit conclude(Context& context, const Workspace& workspace, const Followed& followed) {
  switch (followed.end) {
    case Followed::End::ready:
      return Exit::ok;
    case Followed::End::failed:
      explain_failed(context, workspace, followed);
      return Exit::not_ok;
    case Followed::End::late:
      explain_late(context, followed);
      return Exit::not_ok;
    case Followed::End::interrupted:
      complain(context, Exit::interrupted, "interrupted; the stack goes on without you");
      context.err.write("watch it: exai status --watch      stop it: exai down\n");
      return Exit::interrupted;
    case Followed::End::lost:
      complain(context, Exit::unreachable, "the supervisor has gone while we waited");
      context.err.write("services run on without it; take them over: exai up\n");
      return Exit::unreachable;
  }
  return Exit::ok;
}

tl::expected<control::StackStatus, Exit> bring_up(Context& context,
                                                  const std::vector<std::string>& services,
                                                  bool detach, const Request& request) {
  auto reached = reach(context);
  if (!reached) return tl::unexpected(reached.error());
  const Wish wish{services, reached->status.last_event,
                  baseline_of(reached->status, std::chrono::system_clock::now())};
  auto asked = request(reached->client);
  if (!asked) return tl::unexpected(explain_failure(context, asked.error()));
  if (detach) return *std::move(asked);
  Followed followed = follow(context, reached->client, wish);
  const Exit end = conclude(context, reached->workspace, followed);
  if (end != Exit::ok) return tl::unexpected(end);
  return std::move(followed.status);
}

}  // namespace exai::cli
