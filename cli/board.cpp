#include "cli/board.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::cli {

namespace {

using control::ServiceStatus;
using control::State;
using Lines = std::vector<std::string>;

constexpr std::string_view kKeys = "↑↓ select   enter log   r restart   s start/stop   q quit";
constexpr std::size_t kHead = 3;   // headline, blank, titles
constexpr std::size_t kFoot = 2;   // message, keys
constexpr std::size_t kLeast = 3;  // services that stay in sight while a log is shown
constexpr std::size_t kNotes = 3;  // lines about the selected one, at most

std::size_t position(const std::vector<ServiceStatus>& services, const std::string& name) {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const ServiceStatus& each) { return each.name == name; });
  return found == services.end() ? 0 : static_cast<std::size_t>(found - services.begin());
}

// At most `columns` wide; escape codes take no room, and what was painted ends.
std::string clipped(std::string_view text, std::size_t columns) {
  std::string kept;
  bool painted_text = false;
  std::size_t wide = 0;
  while (!text.empty()) {
    if (text.front() == '\x1b') {
      const std::size_t end = std::min(text.find('m'), text.size() - 1);
      kept += text.substr(0, end + 1);
      painted_text = true;
      text.remove_prefix(end + 1);
      continue;
    }
    if (wide++ == columns) return kept + (painted_text ? "\x1b[0m" : "");
    const std::string_view before = text;
    take_code_point(text);
    kept += before.substr(0, before.size() - text.size());
  }
  return kept;
}

Lines lines_of(const std::string& text) {
  Lines lines = split(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

// The selected service, in full.
Lines notes_of(const ServiceStatus& service, Colours colours) {
  Lines notes;
  const auto add = [&](Tone tone, const std::string& text) {
    if (!text.empty()) notes.push_back(painted(tone, printable(text), colours));
  };
  const std::string why = reason_text(service);
  add(in_trouble(service) ? Tone::bad : Tone::plain, why.empty() ? "" : service.name + ": " + why);
  const std::string proof = proof_text(service);
  add(Tone::dim, proof.empty() ? "" : "proof: " + proof);
  if (service.restarts > 0 && service.last_restart_cause != why)
    add(Tone::warn, "last restart: " + service.last_restart_cause);
  if (!service.needs.empty()) add(Tone::dim, "needs: " + join(service.needs, ", "));
  if (notes.size() > kNotes) notes.resize(kNotes);
  return notes;
}

std::string log_line(const LogLine& line, Colours colours) {
  const std::string time = line.time ? format_local(*line.time).substr(11, 8) : "        ";
  return painted(Tone::dim, time, colours) + " " + printable(line.text);
}

// How the rows of the screen are shared.
struct Shares {
  std::size_t services = 0;
  std::size_t notes = 0;
  std::size_t log = 0;  // with its rule
};

Shares shares_of(const Board& board, Size size) {
  const auto rows = static_cast<std::size_t>(std::max(size.rows, 0));
  const std::size_t count = board.status.services.size();
  Shares shares;
  std::size_t left = rows > kHead + kFoot ? rows - kHead - kFoot : 0;
  shares.services = std::min({count, left, board.tailing ? std::max(kLeast, left / 3) : left});
  left -= shares.services;
  shares.notes = std::min(left, kNotes + 1);  // a blank line above
  left -= shares.notes;
  if (board.tailing) shares.log = left;
  return shares;
}

// The rows that are in sight, so that the selected one is among them.
void add_services(Lines& screen, const Board& board, std::size_t rows, Size size, Colours colours) {
  const auto services = shown(board);
  const std::size_t selected = position(services, board.selected);
  const int width = std::max(size.columns - 2, 1);
  const Table table = live_table(services, board.now);
  const Lines coloured = lines_of(layout(table, width, colours));
  const Lines plain = lines_of(layout(table, width, Colours::off));
  if (coloured.empty()) return;
  screen.push_back("  " + coloured[0]);
  const std::size_t first = selected < rows ? 0 : selected - rows + 1;
  for (std::size_t i = first; i < first + rows && i + 1 < coloured.size(); ++i) {
    if (i != selected) {
      screen.push_back("  " + coloured[i + 1]);
      continue;
    }
    std::string line = "> " + plain[i + 1];
    const std::size_t wide = code_points(line);
    const auto columns = static_cast<std::size_t>(size.columns);
    if (wide < columns) line.append(columns - wide, ' ');
    screen.push_back(colours == Colours::on ? "\x1b[7m" + clipped(line, columns) + "\x1b[0m"
                                            : "> " + plain[i + 1]);
  }
}

void add_log(Lines& screen, const Board& board, std::size_t rows, Size size, Colours colours) {
  if (rows < 2) return;
  const std::string title = fmt::format("── log of {} ", board.selected);
  std::string rule = title;
  for (std::size_t i = code_points(title); i < static_cast<std::size_t>(size.columns); ++i)
    rule += "─";
  screen.push_back(painted(Tone::dim, rule, colours));
  const std::size_t fits = rows - 1;
  const std::size_t from = board.log.size() > fits ? board.log.size() - fits : 0;
  for (std::size_t i = from; i < board.log.size(); ++i)
    screen.push_back(log_line(board.log[i], colours));
}

bool rests(const ServiceStatus& service) {
  return service.pid == 0 && service.state != State::waiting && service.state != State::starting &&
         service.state != State::backoff && service.state != State::stopping;
}

void move(Board& board, std::ptrdiff_t by) {
  const auto services = shown(board);
  if (services.empty()) return;
  const auto last = static_cast<std::ptrdiff_t>(services.size()) - 1;
  const auto at = static_cast<std::ptrdiff_t>(position(services, board.selected));
  board.selected =
      services[static_cast<std::size_t>(std::clamp(at + by, std::ptrdiff_t{0}, last))].name;
  board.log.clear();
}

Ask on_character(Board& board, char character) {
  switch (character) {
    case 'q':
      return Ask::quit;
    case 'k':
      move(board, -1);
      return Ask::nothing;
    case 'j':
      move(board, 1);
      return Ask::nothing;
    case 'g':
      move(board, -1'000'000);
      return Ask::nothing;
    case 'G':
      move(board, 1'000'000);
      return Ask::nothing;
    case 'l':
      board.tailing = !board.tailing;
      return Ask::nothing;
    case 'r':
      return board.selected.empty() ? Ask::nothing : Ask::restart;
    case 's': {
      const ServiceStatus* service = find_service(board.status, board.selected);
      if (!service) return Ask::nothing;
      return rests(*service) ? Ask::start : Ask::stop;
    }
    default:
      return Ask::nothing;
  }
}

}  // namespace

std::vector<ServiceStatus> shown(const Board& board) {
  return worst_first(board.status);
}

void settle(Board& board) {
  if (find_service(board.status, board.selected)) return;
  const auto services = shown(board);
  board.selected = services.empty() ? "" : services[0].name;
  board.log.clear();
}

Ask act(Board& board, Press press, Size size) {
  const std::ptrdiff_t page = std::max(size.rows - 8, 1);
  switch (press.key) {
    case Key::up:
      move(board, -1);
      break;
    case Key::down:
      move(board, 1);
      break;
    case Key::page_up:
      move(board, -page);
      break;
    case Key::page_down:
      move(board, page);
      break;
    case Key::home:
      move(board, -1'000'000);
      break;
    case Key::end:
      move(board, 1'000'000);
      break;
    case Key::enter:
      board.tailing = !board.tailing;
      break;
    case Key::escape:
      board.tailing = false;
      board.message.clear();
      break;
    case Key::character:
      return on_character(board, press.character);
    case Key::closed:
      return Ask::quit;
    case Key::none:
      break;
  }
  return Ask::nothing;
}

std::size_t log_rows(const Board& board, Size size) {
  const std::size_t rows = shares_of(board, size).log;
  return rows > 1 ? rows - 1 : 0;
}

std::string frame(const Board& board, Size size, Colours colours) {
  const auto rows = static_cast<std::size_t>(std::max(size.rows, 1));
  const Shares shares = shares_of(board, size);
  Lines screen;
  screen.push_back(painted(in_trouble(board.status) ? Tone::bad : Tone::strong,
                           printable(headline(board.status)), colours));
  screen.emplace_back();
  add_services(screen, board, shares.services, size, colours);
  if (const auto* service = find_service(board.status, board.selected);
      service && shares.notes > 1) {
    screen.emplace_back();
    for (std::string& note : notes_of(*service, colours))
      if (screen.size() < kHead + shares.services + shares.notes) screen.push_back(std::move(note));
  }
  if (board.tailing) {
    screen.resize(std::min(rows, kHead + shares.services + shares.notes));
    add_log(screen, board, shares.log, size, colours);
  }
  screen.resize(rows > kFoot ? rows - kFoot : 0);
  screen.push_back(painted(board.tone, printable(board.message), colours));
  screen.push_back(painted(Tone::dim, kKeys, colours));
  screen.erase(screen.begin(),
               screen.end() - static_cast<std::ptrdiff_t>(std::min(rows, screen.size())));
  for (std::string& line : screen) line = clipped(line, static_cast<std::size_t>(size.columns));
  return join(screen, "\n");
}

}  // namespace exai::cli
