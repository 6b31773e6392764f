#include "cli/terminal.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "cli/context.hpp"

namespace exai::cli {

namespace {

constexpr std::string_view kEnter =
    "\x1b[?1049h\x1b[?25l\x1b[?7l";  // alternate, no cursor, no wrap
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr Duration kEscapeWait = 30ms;  // a lone Escape, or the start of a key's sequence

// Touched by signal handlers: set before they are installed, plain data.
termios saved{};
volatile sig_atomic_t taken = 0;

// Async-signal-safe, all of them.
void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count > 0)
      text.remove_prefix(static_cast<std::size_t>(count));
    else if (count == 0 || (errno != EINTR && errno != EAGAIN))
      return;
  }
}

void take() {
  termios raw = saved;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // signals by keys stay
  raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  write_all(kEnter);
  taken = 1;
}

void give_back() {
  if (taken == 0) return;
  taken = 0;
  write_all(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

constexpr std::array kDeadly = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGABRT};
std::array<struct sigaction, kDeadly.size()> before{};
struct sigaction before_stop {};
struct sigaction before_continue {};
struct sigaction before_resize {};

void install(int number, void (*handler)(int), struct sigaction* old) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  ::sigaction(number, &action, old);
}

// Ends the process by the signal itself, after the terminal is back; Ctrl-C as in every command.
extern "C" void on_deadly(int number) {
  give_back();
  if (number == SIGINT) ::_exit(static_cast<int>(Exit::interrupted));
  install(number, SIG_DFL, nullptr);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  ::raise(number);
  ::pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
}

extern "C" void on_stop(int number) {
  const int kept = errno;
  give_back();
  ::raise(SIGSTOP);  // here we rest until somebody says fg
  static_cast<void>(number);
  take();
  errno = kept;
}

// A stop that could not be caught (SIGSTOP): the shell has the terminal as it likes it by now.
extern "C" void on_continue(int) {
  const int kept = errno;
  take();
  errno = kept;
}

extern "C" void on_resize(int) {}  // it ends the wait for a key

std::optional<Press> press_of_sequence(std::string_view sequence) {
  constexpr std::array<std::pair<std::string_view, Key>, 14> kKeys{{
      {"[A", Key::up},
      {"OA", Key::up},
      {"[B", Key::down},
      {"OB", Key::down},
      {"[5~", Key::page_up},
      {"[6~", Key::page_down},
      {"[H", Key::home},
      {"OH", Key::home},
      {"[F", Key::end},
      {"OF", Key::end},
      {"[1~", Key::home},
      {"[4~", Key::end},
      {"[7~", Key::home},
      {"[8~", Key::end},
  }};
  for (const auto& [text, key] : kKeys)
    if (sequence == text) return Press{key};
  return std::nullopt;
}

// It ends with the first letter or ~ behind its introducer.
std::size_t end_of_sequence(std::string_view bytes) {
  std::size_t end = 2;
  while (end < bytes.size() && bytes[end] >= 0x20 && bytes[end] < 0x40) ++end;
  return end;
}

}  // namespace

bool is_cut_off(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != '\x1b') return false;
  if (bytes.size() == 1) return true;
  if (bytes[1] != '[' && bytes[1] != 'O') return false;
  return end_of_sequence(bytes) >= bytes.size();
}

std::optional<Press> take_press(std::string& bytes) {
  if (bytes.empty()) return std::nullopt;
  const char first = bytes.front();
  if (first != '\x1b') {
    bytes.erase(0, 1);
    if (first == '\r' || first == '\n') return Press{Key::enter};
    return Press{Key::character, first};
  }
  if (bytes.size() == 1 || (bytes[1] != '[' && bytes[1] != 'O')) {
    bytes.erase(0, 1);
    return Press{Key::escape};
  }
  const std::size_t end = end_of_sequence(bytes);
  if (end >= bytes.size()) {
    bytes.clear();  // it never came whole
    return Press{Key::none};
  }
  const auto press = press_of_sequence(std::string_view(bytes).substr(1, end));
  bytes.erase(0, end + 1);
  return press.value_or(Press{Key::none});
}

Result<std::unique_ptr<FullScreen>> FullScreen::open() {
  if (!is_terminal(STDIN_FILENO) || !is_terminal(STDOUT_FILENO) ||
      ::tcgetattr(STDIN_FILENO, &saved) != 0)
    return fail(Errc::invalid, "this needs a terminal");
  std::unique_ptr<FullScreen> screen(new FullScreen);
  for (std::size_t i = 0; i < kDeadly.size(); ++i) install(kDeadly[i], on_deadly, &before[i]);
  install(SIGTSTP, on_stop, &before_stop);
  install(SIGCONT, on_continue, &before_continue);
  install(SIGWINCH, on_resize, &before_resize);
  take();
  return screen;
}

FullScreen::~FullScreen() {
  ::sigaction(SIGCONT, &before_continue, nullptr);
  ::sigaction(SIGTSTP, &before_stop, nullptr);
  ::sigaction(SIGWINCH, &before_resize, nullptr);
  give_back();
  for (std::size_t i = 0; i < kDeadly.size(); ++i) ::sigaction(kDeadly[i], &before[i], nullptr);
}

Size FullScreen::size() const {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0)
    return {};
  return {window.ws_col, window.ws_row};
}

FullScreen::Filled FullScreen::fill(Duration wait) {
  pollfd entry{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&entry, 1, static_cast<int>(wait.count()));
  if (ready <= 0) return Filled::nothing;  // or a signal: the size, perhaps
  std::array<char, 64> chunk{};
  const ssize_t count = ::read(STDIN_FILENO, chunk.data(), chunk.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return Filled::nothing;
  if (count <= 0) return Filled::closed;
  input_.append(chunk.data(), static_cast<std::size_t>(count));
  return Filled::more;
}

Press FullScreen::read(Duration wait) {
  if (input_.empty()) {
    const Filled filled = fill(wait);
    if (filled == Filled::closed) return {Key::closed};
    if (filled == Filled::nothing) return {};
  }
  while (is_cut_off(input_) && fill(kEscapeWait) == Filled::more) {
  }
  return take_press(input_).value_or(Press{});
}

void FullScreen::draw(std::string_view frame) const {
  std::string text = "\x1b[?2026h\x1b[H";  // as one, where the terminal knows that
  std::size_t at = 0;
  while (at <= frame.size()) {
    const std::size_t end = std::min(frame.find('\n', at), frame.size());
    text += frame.substr(at, end - at);
    text += "\x1b[K";
    if (end >= frame.size()) break;
    text += "\r\n";
    at = end + 1;
  }
  text += "\x1b[J\x1b[?2026l";
  write_all(text);
}

}  // namespace exai::cli
