// What this daemon did lately: its log as the supervisor keeps it, or else the journal of calls.
#include "core/base/text.hpp"
#include "core/config/regex.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {
namespace {

struct Line {
  std::optional<WallTime> time;
  std::string text;
};

struct Wanted {
  std::size_t lines = 200;
  std::optional<config::Regex> filter;
  std::optional<WallTime> since;
  std::optional<WallTime> until;

  bool takes(const Line& line) const {
    if (since && (!line.time || *line.time < *since)) return false;
    if (until && (!line.time || *line.time >= *until)) return false;
    return !filter || filter->finds(line.text);
  }
};

Result<std::optional<WallTime>> moment(const json::object& arguments, std::string_view key) {
  const auto text = find_string(arguments, key);
  if (!text || text->empty()) return std::nullopt;
  const auto time = parse_utc(*text);
  if (!time)
    return fail(Errc::invalid, "{} is no UTC time like 2026-11-21T03:42:19Z: \"{}\"", key,
                printable(*text));
  return time;
}

Result<Wanted> read_wanted(const json::object& arguments) {
  Wanted wanted;
  wanted.lines = static_cast<std::size_t>(find_integer(arguments, "lines").value_or(200));
  TRY(since, moment(arguments, "since"));
  TRY(until, moment(arguments, "until"));
  wanted.since = since;
  wanted.until = until;
  if (const auto pattern = find_string(arguments, "filter")) {
    auto filter = config::Regex::compile(*pattern);
    if (!filter) return fail(filter.error().within("filter"));
    wanted.filter = *std::move(filter);
  }
  return wanted;
}

std::vector<Line> journal_lines(const Journal& journal) {
  std::vector<Line> lines;
  for (const JournalEntry& entry : journal.last(Journal::kMost))
    lines.push_back({entry.time, to_line(entry)});
  return lines;
}

mcp::ToolResult shown(Context& context, std::vector<Line> lines, const Wanted& wanted,
                      std::string_view source, bool structured) {
  std::erase_if(lines, [&](const Line& line) { return !wanted.takes(line); });
  const std::size_t skipped = lines.size() - std::min(lines.size(), wanted.lines);
  mcp::ToolResult result;
  json::array list;
  result.text = fmt::format("{}, {}\n", source, count_of(lines.size() - skipped, "line"));
  for (std::size_t i = skipped; i < lines.size(); ++i) {
    std::string text = context.host.redact(printable(lines[i].text));
    result.text += text + "\n";
    if (!structured) continue;
    json::object line{{"text", std::move(text)}};
    if (lines[i].time) line["time"] = format_utc(*lines[i].time);
    list.push_back(std::move(line));
  }
  result.structured["source"] = source;
  result.structured["count"] = lines.size() - skipped;
  if (structured) result.structured["lines"] = std::move(list);
  return result;
}

}  // namespace

Task<mcp::ToolResult> activity(Context& context, mcp::Call call) {
  const auto wanted = read_wanted(call.arguments);
  if (!wanted) co_return failure("activity: " + wanted.error().message());
  const std::string source = find_string(call.arguments, "source").value_or("auto");
  const bool structured = find_bool(call.arguments, "structured").value_or(false);
  Stack* stack = context.host.stack();
  const bool has_log = stack != nullptr && !stack->own_service().empty();
  if (source == "server" && !has_log)
    co_return failure(
        "activity: nobody keeps the log of this daemon where it could be read: exai does (exai "
        "up). "
        "What to do: source activity shows the calls of tools");
  if (source == "activity" || !has_log)
    co_return shown(context, journal_lines(*context.journal), *wanted,
                    "the last calls of tools that this daemon answered", structured);
  std::string own = stack->own_service();
  auto tail = co_await stack->log(std::move(own), Stack::kMostLines);
  if (!tail)
    co_return failure(
        fmt::format("activity: {}. What to do: source activity shows the calls of "
                    "tools",
                    tail.error().message()));
  std::vector<Line> lines;
  for (LogTail::Line& line : tail->lines) lines.push_back({line.time, std::move(line.text)});
  co_return shown(context, std::move(lines), *wanted, "the log of this daemon", structured);
}

}  // namespace exai::tools
