// exai logs: the services' log files, merged by time.
#include <algorithm>
#include <array>
#include <ctime>
#include <thread>

#include "cli/args.hpp"
#include "cli/interrupt.hpp"
#include "cli/log_record.hpp"
#include "cli/tail.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit logs(Context& context, Args& args);

namespace {

constexpr Duration kPoll = 50ms;
constexpr std::size_t kAll = ~std::size_t{0};
constexpr std::size_t kUsualTail = 200;
constexpr std::size_t kBlock = 256U << 10U;

std::vector<std::string> logs_in(const Path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.path().extension() == ".log") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

// "2026-11-21 14:42:19 +1100" and the milliseconds that format_local leaves out.
std::string local_time(const std::optional<WallTime>& time) {
  if (!time) return std::string(12, ' ');
  const auto since_epoch = time->time_since_epoch();
  const auto part = std::chrono::duration_cast<Duration>(since_epoch) % 1s;
  return fmt::format("{}.{:03}", format_local(*time).substr(11, 8), part.count());
}

class Printer {
 public:
  Printer(Context& context, const std::vector<std::string>& services)
      : context_(context), services_(services) {
    for (const std::string& name : services) widest_ = std::max(widest_, code_points(name));
  }

  void print(const std::vector<LogLine>& lines) {
    for (const LogLine& line : lines) add(line);
    flush();
  }
  // Written when there is a block of them, or by flush().
  void add(const LogLine& line) {
    text_ += context_.json ? as_json(line) : as_text(line);
    if (text_.size() >= kBlock) flush();
  }
  void flush() {
    if (!text_.empty()) context_.out.write(std::exchange(text_, {}));
  }

 private:
  static std::string as_json(const LogLine& line) {
    json::object object{{"service", line.service}};
    auto record = parse_record(line.text);
    const auto time = line.time || !record ? line.time : record->time;
    if (time) object["time"] = format_utc(*time);
    if (const auto stream = name(line.stream); !stream.empty()) object["stream"] = stream;
    if (record && !record->level.empty()) object["level"] = record->level;
    if (record)
      object["json"] = std::move(record->whole);
    else
      object["text"] = printable(line.text);
    return to_text(object) + "\n";
  }

  std::string as_text(const LogLine& line) const {
    const Stream& out = context_.out;
    const std::string name = line.service + std::string(widest_ - code_points(line.service), ' ');
    const auto record = parse_record(line.text);
    const auto time = line.time || !record ? line.time : record->time;
    return fmt::format("{} {} {}\n", out.paint(Tone::dim, local_time(time)),
                       painted_name(line.service, name),
                       printable(record ? cli::as_text(*record) : line.text));
  }

  // Each service keeps its colour, whatever else is shown.
  std::string painted_name(const std::string& service, const std::string& name) const {
    if (context_.out.colours() == Colours::off) return name + " |";
    constexpr std::array kColours = {36, 35, 34, 33, 32, 96, 95, 94};
    const auto found = std::find(services_.begin(), services_.end(), service);
    const auto index = static_cast<std::size_t>(found - services_.begin());
    return fmt::format("\x1b[{}m{} |\x1b[0m", kColours[index % kColours.size()], name);
  }

  Context& context_;
  const std::vector<std::string>& services_;
  std::size_t widest_ = 0;
  std::string text_;
};

// What is asked for.
struct Wanted {
  bool following = false;
  std::size_t tail = kAll;
  std::string since;
  std::string until;
  std::string grep;
  std::string id;
  std::string stream = "any";
  std::vector<std::string> services;
};

Result<LogFilter> filter_of(const Wanted& wanted) {
  LogFilter filter;
  const WallTime now = std::chrono::system_clock::now();
  if (!wanted.since.empty()) {
    TRY(since, parse_moment(wanted.since, now));
    filter.since = since;
  }
  if (!wanted.until.empty()) {
    TRY(until, parse_moment(wanted.until, now));
    filter.until = until;
  }
  if (wanted.stream != "any")
    filter.stream = wanted.stream == "stderr" ? logs::Stream::err : logs::Stream::out;
  for (const std::string* word : {&wanted.id, &wanted.grep})
    if (!word->empty()) filter.words.push_back(*word);
  return filter;
}

// Of each source the next line is looked at; the earliest is taken. A source's time never falls.
void print_all(std::vector<LogSource> sources, Printer& printer) {
  std::vector<WallTime> latest(sources.size(), WallTime::min());
  for (;;) {
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const LogLine* line = sources[i].peek();
      if (line == nullptr) continue;
      latest[i] = std::max(latest[i], line->time.value_or(WallTime::min()));
      if (!first || latest[i] < latest[*first]) first = i;
    }
    if (!first) break;
    printer.add(sources[*first].take());
  }
  printer.flush();
}

Exit follow_logs(std::vector<LogFollower>& followers, Printer& printer) {
  const InterruptWatch watch;
  while (!watch.interrupted()) {
    std::vector<std::vector<LogLine>> news;
    for (LogFollower& follower : followers) news.push_back(follower.poll());
    printer.print(merge(std::move(news)));
    std::this_thread::sleep_for(kPoll);
  }
  return Exit::interrupted;
}

// The names that are wanted, all when none is; or what is wrong with them.
Result<std::vector<std::string>> names_of(const Wanted& wanted,
                                          const std::vector<std::string>& known,
                                          const Path& folder) {
  std::vector<std::string> names = wanted.services;
  for (const std::string& name : names)
    if (!contains(known, name)) return fail(Errc::invalid, "{}", unknown_word("log", name, known));
  if (names.empty()) names = known;
  if (names.empty()) return fail(Errc::not_found, "there are no logs in {} yet", folder.string());
  return names;
}

// Followers come first: the past ends where they begin.
Exit show_logs(Context& context, const Workspace& workspace, const Wanted& wanted,
               const std::vector<std::string>& services, const LogFilter& filter) {
  const bool chosen = filter.since || filter.until || !filter.words.empty();
  const bool whole = wanted.tail == kAll && chosen;
  const std::size_t tail = wanted.tail == kAll ? kUsualTail : wanted.tail;
  std::vector<LogFollower> followers;
  std::vector<LogSource> sources;
  std::vector<std::vector<LogLine>> past;
  for (const std::string& name : services) {
    const Path log = workspace.service_log(name);
    if (wanted.following) followers.emplace_back(log, name, filter);
    const std::uint64_t end = wanted.following ? followers.back().position() : kWholeLog;
    if (whole)
      sources.emplace_back(log, name, filter, end);
    else
      past.push_back(last_lines(log, name, tail, end, filter));
  }
  Printer printer(context, services);
  print_all(std::move(sources), printer);
  std::vector<LogLine> lines = merge(std::move(past));
  if (lines.size() > tail)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(tail));
  printer.print(lines);
  return wanted.following ? follow_logs(followers, printer) : Exit::ok;
}

}  // namespace

Exit logs(Context& context, Args& args) {
  Wanted wanted;
  args.about(
      "The services' logs, merged by time (local); the supervisor's own is \"supervisor\". Shows\n"
      "the last 200 lines; with --since, --until, --grep or --id all. exai down keeps the logs.\n\n"
      "  exai logs -f exaid                       follow one service, until Ctrl-C\n"
      "  exai logs --since 10m --id 4f2a --json   every line about one request, for programs");
  args.flag("-f,--follow", wanted.following, "go on with what is written from now on");
  args.number("-n,--tail", "N", wanted.tail, "how many lines of the past");
  args.text("--since", "MOMENT", wanted.since, "from then on: 10m (ago), 14:30, 2026-11-21");
  args.text("--until", "MOMENT", wanted.until, "up to then");
  args.text("-g,--grep", "TEXT", wanted.grep, "only lines with this text");
  args.text("--id", "ID", wanted.id, "only lines with this request id");
  args.one_of("--stream", "STREAM", wanted.stream, {"any", "stdout", "stderr"},
              "stdout or stderr of a service that keeps them apart");
  args.words("SERVICE", wanted.services, "only these");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  const auto workspace = open_workspace(context);
  if (!workspace) return Exit::bad_input;
  const auto services = names_of(wanted, logs_in(workspace->logs()), workspace->logs());
  if (!services)
    return complain(context,
                    services.error().code() == Errc::invalid ? Exit::bad_input : Exit::not_ok,
                    services.error().message());

  if (const auto stack = load_stack(context, *workspace).stack)
    set_timezone(stack->timezone);  // of a broken file none: then it is this process's own
  const auto filter = filter_of(wanted);
  if (!filter) return complain(context, Exit::bad_input, filter.error().message());
  return show_logs(context, *workspace, wanted, *services, *filter);
}

}  // namespace exai::cli
