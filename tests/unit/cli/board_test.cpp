// The live view without a terminal: what a screen of some size shows, and what keys do to it.
#include "cli/board.hpp"

#include <catch2/catch.hpp>

#include "core/base/text.hpp"

using namespace exai;
using namespace exai::cli;
using control::ServiceStatus;
using control::State;

namespace {

const WallTime kNow = WallTime{} + 1000h;

ServiceStatus service(std::string name, State state, int pid = 0) {
  ServiceStatus status;
  status.name = std::move(name);
  status.state = state;
  status.since = kNow - 5s;
  status.pid = pid;
  return status;
}

Board board() {
  Board board;
  board.now = kNow;
  board.status.stack = "exai";
  board.status.environment = "dev";
  ServiceStatus redis = service("redis", State::ready, 12);
  redis.resident_bytes = 9U << 20U;
  redis.cpu_percent = 0;
  redis.ready = control::ProofStatus{"redis round-trip", "passing", "", 1, 2000, 0};
  ServiceStatus web = service("web", State::backoff);
  web.cause = "exit code 3; restart 2 of 10 in 400ms";
  web.restarts = 1;
  web.last_restart_cause = "exit code 3";
  web.needs = {"redis"};
  board.status.services = {redis, web};
  settle(board);
  return board;
}

std::vector<std::string> lines(const Board& board, Size size) {
  return split(frame(board, size, Colours::off), '\n');
}

std::string visible(std::string text) {
  for (std::size_t at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b'))
    text.erase(at, text.find('m', at) - at + 1);
  return text;
}

Press key(char character) {
  return {Key::character, character};
}

}  // namespace

TEST_CASE("the board shows the worst first, selected, and says why below") {
  CHECK(frame(board(), {80, 13}, Colours::off) ==
        "exai (dev): 1 of 2 services ready; in trouble: web\n"
        "\n"
        "  SERVICE  STATE    SINCE  PROOF  RESTARTS  PID   CPU   MEMORY  WHY\n"
        "> web      backoff     5s      -         1    -     -        -  exit code 3; re…\n"
        "  redis    ready       5s     2s         0   12  0.0%  9.0 MiB\n"
        "\n"
        "web: exit code 3; restart 2 of 10 in 400ms\n"
        "last restart: exit code 3\n"
        "needs: redis\n"
        "\n"
        "\n"
        "\n"
        "↑↓ select   enter log   r restart   s start/stop   q quit");
}

TEST_CASE("the log of the selected service fills what is left") {
  Board shown = board();
  CHECK(act(shown, {Key::enter}, {60, 20}) == Ask::nothing);
  REQUIRE(shown.tailing);
  const std::size_t fits = log_rows(shown, {60, 20});
  for (int i = 0; i < 40; ++i) shown.log.push_back({"web", kNow, fmt::format("line {}\x1b[2J", i)});
  const auto screen = lines(shown, {60, 20});
  REQUIRE(screen.size() == 20);
  CHECK(screen[9].starts_with("── log of web ─────"));
  CHECK(screen[10].ends_with(fmt::format("line {}\\x1b[2J", 40 - fits)));
  CHECK(screen[17].ends_with("line 39\\x1b[2J"));
  CHECK(act(shown, {Key::escape}, {60, 20}) == Ask::nothing);
  CHECK_FALSE(shown.tailing);
}

TEST_CASE("a frame has as many rows as the screen and none is wider, however small it is") {
  Board shown = board();
  for (int i = 0; i < 50; ++i)
    shown.status.services.push_back(
        service(fmt::format("a service with a long name {}", i), State::ready, 100 + i));
  shown.message = std::string(300, 'm');
  for (const bool tailing : {false, true})
    for (const Colours colours : {Colours::off, Colours::on})
      for (int rows = 1; rows < 30; ++rows)
        for (const int columns : {1, 2, 10, 79, 200}) {
          shown.tailing = tailing;
          const auto screen = split(frame(shown, {columns, rows}, colours), '\n');
          INFO(columns << "x" << rows);
          CHECK(screen.size() == static_cast<std::size_t>(rows));
          for (const std::string& line : screen)
            CHECK(code_points(visible(line)) <= static_cast<std::size_t>(columns));
        }
}

TEST_CASE("the selected service stays in sight and stays selected") {
  Board shown = board();
  for (int i = 0; i < 30; ++i)
    shown.status.services.push_back(service(fmt::format("s{:02}", i), State::ready, 100 + i));
  act(shown, {Key::end}, {80, 12});
  CHECK(shown.selected == "s29");
  const auto screen = lines(shown, {80, 12});
  CHECK(std::any_of(screen.begin(), screen.end(),
                    [](const std::string& line) { return line.starts_with("> s29"); }));
  act(shown, key('k'), {80, 12});
  CHECK(shown.selected == "s28");
  act(shown, {Key::page_up}, {80, 12});
  CHECK(shown.selected == "s24");
  shown.status.services.back().state = State::failed;  // the order changes
  settle(shown);
  CHECK(shown.selected == "s24");
  act(shown, key('g'), {80, 12});
  CHECK(shown.selected == "s29");
  act(shown, {Key::up}, {80, 12});
  CHECK(shown.selected == "s29");
  shown.status.services.pop_back();
  settle(shown);
  CHECK(shown.selected == "web");
}

TEST_CASE("keys ask for what they say: s stops what runs and starts what rests") {
  Board shown = board();
  CHECK(act(shown, key('s'), {}) == Ask::stop);  // between two attempts
  CHECK(act(shown, key('r'), {}) == Ask::restart);
  shown.status.services[1].state = State::stopped;
  settle(shown);
  CHECK(act(shown, key('s'), {}) == Ask::start);
  CHECK(act(shown, key('q'), {}) == Ask::quit);
  CHECK(act(shown, key('?'), {}) == Ask::nothing);
  CHECK(act(shown, {Key::closed}, {}) == Ask::quit);
  Board empty;
  settle(empty);
  CHECK(act(empty, key('s'), {}) == Ask::nothing);
  CHECK(act(empty, key('r'), {}) == Ask::nothing);
  CHECK(act(empty, {Key::down}, {}) == Ask::nothing);
}

TEST_CASE("keys are told apart, in one read or in several") {
  std::string bytes = "j\x1b[A\x1bOB\r\x1b[6~\x1b[1;5Cq\x1b";
  std::vector<Press> presses;
  while (auto press = take_press(bytes)) presses.push_back(*press);
  CHECK(presses == std::vector<Press>{key('j'),
                                      {Key::up},
                                      {Key::down},
                                      {Key::enter},
                                      {Key::page_down},
                                      {Key::none},
                                      key('q'),
                                      {Key::escape}});
  CHECK(is_cut_off("\x1b"));
  CHECK(is_cut_off("\x1b[6"));
  CHECK_FALSE(is_cut_off("\x1b[6~"));
  CHECK_FALSE(is_cut_off("j"));
  bytes = "\x1b[";
  CHECK(take_press(bytes) == Press{Key::none});
  CHECK_FALSE(take_press(bytes));
}
