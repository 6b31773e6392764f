// exai logs: the services' log files, merged by time.
#include <algorithm>
#include <array>
#include <ctime>
#include <thread>

#include "cli/args.hpp"
#include "cli/interrupt.hpp"
#include "cli/tail.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit logs(Context& context, Args& args);

namespace {

constexpr Duration kPoll = 50ms;

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
    std::string text;
    for (const LogLine& line : lines) text += context_.json ? as_json(line) : as_text(line);
    if (!text.empty()) context_.out.write(text);
  }

 private:
  static std::string as_json(const LogLine& line) {
    json::object object{{"service", line.service}, {"text", printable(line.text)}};
    if (line.time) object["time"] = format_utc(*line.time);
    return to_text(object) + "\n";
  }

  std::string as_text(const LogLine& line) const {
    const Stream& out = context_.out;
    const std::string name = line.service + std::string(widest_ - code_points(line.service), ' ');
    return fmt::format("{} {} {}\n", out.paint(Tone::dim, local_time(line.time)),
                       painted_name(line.service, name), printable(line.text));
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
};

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

}  // namespace

Exit logs(Context& context, Args& args) {
  bool following = false;
  std::size_t tail = 200;
  std::vector<std::string> services;
  args.about(
      "Prints the last lines of the services' logs, merged by time; times are local. The\n"
      "supervisor's own log is there too, as \"supervisor\". Logs are kept after exai down.\n\n"
      "  exai logs -f exaid         follow one service, until Ctrl-C\n"
      "  exai logs --tail 1000 supervisor redis");
  args.flag("-f,--follow", following, "go on with what is written from now on");
  args.number("-n,--tail", "N", tail, "how many lines of the past (default: 200)");
  args.words("SERVICE", services, "only these");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  const auto workspace = open_workspace(context);
  if (!workspace) return Exit::bad_input;
  const std::vector<std::string> known = logs_in(workspace->logs());
  for (const std::string& name : services) {
    if (contains(known, name)) continue;
    return complain(context, Exit::bad_input, unknown_word("log", name, known));
  }
  if (services.empty()) services = known;
  if (services.empty())
    return complain(context, Exit::not_ok,
                    fmt::format("there are no logs in {} yet", workspace->logs().string()));

  if (const auto stack = load_stack(context, *workspace).stack)
    set_timezone(stack->timezone);  // of a broken file none: then it is this process's own
  std::vector<LogFollower> followers;
  std::vector<std::vector<LogLine>> past;
  for (const std::string& name : services) {
    followers.emplace_back(workspace->service_log(name), name);
    past.push_back(last_lines(workspace->service_log(name), name, tail,
                              following ? followers.back().position() : kWholeLog));
  }
  std::vector<LogLine> lines = merge(std::move(past));
  if (lines.size() > tail)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(tail));
  Printer printer(context, services);
  printer.print(lines);
  return following ? follow_logs(followers, printer) : Exit::ok;
}

}  // namespace exai::cli
