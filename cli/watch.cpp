#include "cli/watch.hpp"

#include <chrono>

#include "cli/board.hpp"

namespace exai::cli {

namespace {

constexpr Duration kRefresh = 1s;
constexpr Duration kSoon = 100ms;  // after a key that asked for something
constexpr Duration kAnswer = 2s;

class Watch {
 public:
  Watch(Context& context, const Workspace& workspace, control::Client client)
      : context_(context), workspace_(workspace), client_(std::move(client)) {
    client_.set_timeout(kAnswer);
  }

  Exit run(FullScreen& screen) {
    Time next{};
    for (;;) {
      const Time now = std::chrono::steady_clock::now();
      if (now >= next) {
        refresh(screen.size());
        next = now + kRefresh;
      }
      screen.draw(context_.redactor->redact(frame(board_, screen.size(), context_.out.colours())));
      const auto wait =
          std::chrono::duration_cast<Duration>(next - std::chrono::steady_clock::now());
      const Press press = screen.read(std::max(wait, Duration(1)));
      const Ask ask = act(board_, press, screen.size());
      if (ask == Ask::quit) return Exit::ok;
      if (press.key != Key::none) read_log(screen.size());
      if (ask == Ask::nothing) continue;
      perform(ask);
      next = std::chrono::steady_clock::now() + kSoon;
    }
  }

 private:
  void say(Tone tone, std::string text) {
    board_.tone = tone;
    board_.message = std::move(text);
  }

  void refresh(Size size) {
    auto status = client_.status();
    if (!status) {
      reconnect(status.error());
      return;
    }
    if (lost_) say(Tone::good, "the supervisor is back");
    lost_ = false;
    take(*std::move(status));
    read_log(size);
  }

  void take(control::StackStatus status) {
    board_.status = std::move(status);
    board_.now = std::chrono::system_clock::now();
    settle(board_);
  }

  void reconnect(const Error& error) {
    lost_ = true;
    say(Tone::bad, error.code() == Errc::timeout
                       ? error.message()
                       : "no supervisor; what runs goes on, and exai up takes it over");
    auto client = control::Client::connect(client_socket(context_, workspace_), 0ms);
    if (!client) return;
    client_ = *std::move(client);
    client_.set_timeout(kAnswer);
  }

  void read_log(Size size) {
    if (!board_.tailing) return;
    board_.log = last_lines(workspace_.service_log(board_.selected), board_.selected,
                            log_rows(board_, size));
  }

  void perform(Ask ask) {
    const std::string name = board_.selected;
    auto done = ask == Ask::restart ? client_.restart({name})
                : ask == Ask::start ? client_.start({name})
                                    : client_.stop({name});
    const std::string_view verb = ask == Ask::restart ? "restart"
                                  : ask == Ask::start ? "start"
                                                      : "stop";
    if (!done) return say(Tone::bad, done.error().message());
    take(*std::move(done));
    say(Tone::plain, fmt::format("asked for: {} {}", verb, name));
  }

  Context& context_;
  const Workspace& workspace_;
  control::Client client_;
  Board board_;
  bool lost_ = false;
};

}  // namespace

Exit watch_board(Context& context, const Workspace& workspace, control::Client client) {
  const auto status = client.status();
  if (!status) return explain_failure(context, status.error());
  set_timezone(status->timezone);
  auto screen = FullScreen::open();
  if (!screen) return complain(context, Exit::bad_input, screen.error().message());
  Watch watch(context, workspace, std::move(client));
  return watch.run(**screen);
}

}  // namespace exai::cli
