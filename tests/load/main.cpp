// load crowd|kills|all: the real exaid under many clients. Afterwards nothing may be left of them.
//
//   crowd   LOAD_CLIENTS (1000) connected, a quarter of each class (wire.hpp); LOAD_CALLS (150) of
//           each class in flight, for LOAD_SECONDS (600); every reply is checked by content
//   kills   LOAD_KILLS (10000) clients die at random instants (kills.hpp), while others go on
//           working undisturbed; LOAD_SEED repeats a run as far as the machine lets it
//
// Ends with a table of what must be so, met or MISSED, and the exit code 1 when anything is missed.

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "core/base/proc.hpp"
#include "tests/integration/raw_exaid.hpp"
#include "tests/load/crowd.hpp"
#include "tests/load/kills.hpp"

namespace {

using namespace exai;
using namespace exai::load;
using Clock = std::chrono::steady_clock;

constexpr double kGrowth = 5;  // MiB that may come after the first part of a run
constexpr std::size_t kKillers = 8;

std::size_t number(const char* variable, std::size_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoul(text, nullptr, 10) : otherwise;
}

struct Goals {
  bool all_met = true;

  void check(const char* what, double is, double most) {
    const bool met = is <= most && is >= 0;
    all_met = all_met && met;
    std::printf("%-58s %10.1f  goal %g  %s\n", what, is, most, met ? "met" : "MISSED");
  }
};

double resident(pid_t pid) {  // MiB
  const auto info = process_info(pid);
  return info ? static_cast<double>(info->resident_bytes) / (1024.0 * 1024.0) : -1;
}

double descriptors(pid_t pid) {
  std::error_code error;
  const std::filesystem::directory_iterator all(fmt::format("/proc/{}/fd", pid), error);
  return error ? -1 : static_cast<double>(std::distance(begin(all), end(all)));
}

// exaid, and what it says of itself.
class Server {
 public:
  explicit Server(const Environment& options) : exaid_(options) {
    // One client of each class first: what is made at its first use is no leak.
    Crowd first({exaid_.port, 1, 1, 0});
    first.run([] { return false; });
    first.leave();
    come_to_rest();
    files_ = descriptors(exaid_.process->pid());
  }

  std::uint16_t port() const { return exaid_.port; }
  double memory() const { return resident(exaid_.process->pid()); }

  void print(const char* after, double amount, std::uint64_t answers) const {
    std::printf("%8.0f %s   %10llu answers   %6.1f MiB   %5.0f descriptors   %5.0f connections\n",
                amount, after, static_cast<unsigned long long>(answers), memory(),
                descriptors(exaid_.process->pid()), exaid_.metric("mcp_active_connections"));
    std::fflush(stdout);
  }

  // After the last client has gone. What must come back does, or it never will.
  void come_to_rest() const {
    test::wait_until(
        [&] {
          return held() == 0 && exaid_.metric("mcp_active_connections") == 0 &&
                 sessions("http") == 0 && sessions("websocket") == 0 &&
                 (files_ == 0 || descriptors(exaid_.process->pid()) <= files_);
        },
        60s);
  }

  void check(Goals& goals) {
    come_to_rest();
    // Before anything is asked: of each question a connection is still being closed.
    const double files = descriptors(exaid_.process->pid());
    goals.check("permits held, by /metrics", held(), 0);
    goals.check("permits held, by /health", in_use_by_health(), 0);
    goals.check("calls waiting for a permit", exaid_.metric("mcp_semaphore_queue_depth"), 0);
    goals.check("permits whose call was gone", exaid_.metric("mcp_semaphore_leaks_detected_total"),
                0);
    goals.check("connections", exaid_.metric("mcp_active_connections"), 0);
    goals.check("sessions on WebSockets", sessions("websocket"), 0);
    goals.check("sessions over HTTP", sessions("http"), 0);
    goals.check("descriptors more than before", std::max(0.0, files - files_), 0);
    goals.check("exaid runs and is ready: its exit or status is wrong",
                exaid_.process->running() && exaid_.health("ready") == 200 ? 0 : 1, 0);
  }

 private:
  double held() const {
    return exaid_.metric(R"(mcp_semaphore_expected_value{semaphore_type="global",provider=""})") -
           exaid_.free_permits();
  }
  double sessions(const char* transport) const {
    return exaid_.metric(fmt::format("mcp_sessions{{transport=\"{}\"}}", transport));
  }
  double in_use_by_health() const {
    const std::string report = to_text(exaid_.report());
    double sum = 0;
    constexpr std::string_view kKey = "\"in_use\":";
    for (std::size_t at = report.find(kKey); at != std::string::npos;
         at = report.find(kKey, at + 1))
      sum += std::strtod(report.c_str() + at + kKey.size(), nullptr);
    return report.find(kKey) == std::string::npos ? -1 : sum;
  }

  test::Exaid exaid_;
  double files_ = 0;
};

void check_replies(Goals& goals, const Crowd::Counts& counts) {
  for (const Kind kind : kKinds)
    std::printf("%-10s %12llu right answers\n", std::string(name(kind)).c_str(),
                static_cast<unsigned long long>(counts.answers.at(static_cast<std::size_t>(kind))));
  goals.check("wrong replies", static_cast<double>(counts.wrong), 0);
  goals.check("calls without an answer", static_cast<double>(counts.lost), 0);
  goals.check("connections that the server ended", static_cast<double>(counts.closed), 0);
}

bool run_crowd() {
  const auto seconds = static_cast<double>(number("LOAD_SECONDS", 600));
  const std::size_t clients = number("LOAD_CLIENTS", 1000) / kKinds.size();
  const std::size_t in_flight = std::min(number("LOAD_CALLS", 150), clients);
  // Fewer permits than calls in flight: there is always somebody who waits for one.
  const std::size_t permits = std::max<std::size_t>(1, in_flight * kKinds.size() * 2 / 3);
  std::printf(
      "crowd: %zu clients, %zu calls in flight in each of %zu classes, %zu permits, %.0f s\n",
      clients * kKinds.size(), in_flight, kKinds.size(), permits, seconds);
  Server server({{"MAX_CONNECTIONS", "2000"},
                 {"MAX_CONNECTIONS_PER_IP", "2000"},
                 {"SESSION_MAX_CONCURRENT", "2000"},
                 {"EXAI_WS_GLOBAL_MAX_INFLIGHT", std::to_string(permits)},
                 {"LOG_LEVEL", "warn"}});
  Crowd crowd({server.port(), clients, in_flight, 200});
  const auto begin = Clock::now();
  double printed = 0;
  double early = 0;
  crowd.run([&] {
    const double passed = std::chrono::duration<double>(Clock::now() - begin).count();
    if (early == 0 && passed >= seconds / 3) early = server.memory();
    if (passed >= printed) {
      server.print("s", passed, crowd.counts().right());
      printed += 60;
    }
    return passed < seconds && crowd.counts().bad() < 1000;
  });
  const double late = server.memory();
  server.print("s", std::chrono::duration<double>(Clock::now() - begin).count(),
               crowd.counts().right());
  crowd.leave();
  Goals goals;
  check_replies(goals, crowd.counts());
  goals.check("memory more than after a third of the time, MiB", std::max(0.0, late - early),
              kGrowth);
  server.check(goals);
  return goals.all_met;
}

// The killers' common book.
class Deaths {
 public:
  std::size_t wanted = 0;
  std::atomic<std::size_t> died = 0;
  std::atomic<std::size_t> failed = 0;

  // Until that many have begun.
  void kill(std::uint16_t port, std::uint64_t seed, std::size_t last) {
    std::mt19937_64 random(seed);
    while (take(last)) {
      const Kind kind = kKinds.at(random() % kKinds.size());
      const auto instant = static_cast<Instant>(random() % kInstants);
      try {
        live_until(instant, kind, port, random);
      } catch (const std::exception& error) {
        if (failed++ < 10) {
          const std::lock_guard lock(printing_);
          std::printf("  %s client, to die %s: %s\n", std::string(name(kind)).c_str(),
                      std::string(name(instant)).c_str(), error.what());
        }
      }
      ++died;
    }
  }

 private:
  bool take(std::size_t last) {
    std::size_t now = begun_;
    while (now < last)
      if (begun_.compare_exchange_weak(now, now + 1)) return true;
    return false;
  }

  std::atomic<std::size_t> begun_ = 0;
  std::mutex printing_;
};

// Until that many have died in all, beside a few clients that go on working.
Crowd::Counts kill_some(const Server& server, Deaths& deaths, std::size_t last,
                        std::uint64_t seed) {
  Crowd undisturbed({server.port(), 2, 2, 5});
  std::vector<std::thread> killers;
  for (std::size_t i = 0; i < kKillers; ++i)
    killers.emplace_back([&, i] { deaths.kill(server.port(), seed + i, last); });
  std::size_t printed = deaths.died;
  undisturbed.run([&] {
    const std::size_t died = deaths.died;
    if (died >= printed) {
      server.print("died", static_cast<double>(died), undisturbed.counts().right());
      printed += std::max<std::size_t>(deaths.wanted / 10, 1);
    }
    return died < last;
  });
  for (std::thread& killer : killers) killer.join();
  undisturbed.leave();
  return undisturbed.counts();
}

bool run_kills() {
  Deaths deaths;
  deaths.wanted = number("LOAD_KILLS", 10000);
  const std::uint64_t seed = number("LOAD_SEED", std::random_device()());
  std::printf("kills: %zu clients die, %zu at a time; LOAD_SEED=%llu\n", deaths.wanted, kKillers,
              static_cast<unsigned long long>(seed));
  // Few permits: most calls wait, and many die waiting. Sessions over HTTP outlive their clients.
  Server server({{"MAX_CONNECTIONS_PER_IP", "1000"},
                 {"SESSION_MAX_CONCURRENT", "100000"},
                 {"SESSION_TIMEOUT_SECS", "5"},
                 {"EXAI_WS_GLOBAL_MAX_INFLIGHT", "4"},
                 {"LOG_LEVEL", "warn"}});
  // In thirds, each to its end: what the last needs, those before have needed, too.
  Crowd::Counts counts;
  double before = 0;
  double after = 0;
  for (std::size_t third = 1; third <= 3; ++third) {
    counts += kill_some(server, deaths, deaths.wanted * third / 3, seed + third * kKillers);
    server.come_to_rest();
    before = std::exchange(after, server.memory());
    server.print("at rest", static_cast<double>(deaths.died), counts.right());
  }
  Goals goals;
  check_replies(goals, counts);
  goals.check("clients that could not live until then", static_cast<double>(deaths.failed), 0);
  goals.check("memory at rest more than after two thirds of them, MiB",
              std::max(0.0, after - before), kGrowth);
  server.check(goals);
  return goals.all_met;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what != "crowd" && what != "kills" && what != "all") {
    std::fprintf(stderr, "usage: load crowd|kills|all\n");
    return 2;
  }
  raise_descriptor_limit();
  try {
    bool met = true;
    if (what != "kills") met = run_crowd();
    if (what == "all") std::printf("\n");
    if (what != "crowd") met = run_kills() && met;
    return met ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load: %s\n", error.what());
    return 1;
  }
}
