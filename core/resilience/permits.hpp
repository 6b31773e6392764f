#pragma once
// How many may run at once: in all, with one provider, in one session, in one conversation. Pure.
//
//   ask() ──room in every pool──▶ held ────────── release() ──▶ over
//     │                            ▲
//     ├─ a pool is full ─▶ waiting ┘ room again ── release() ──▶ over  (given up)
//     │
//     └─ a pool is full, and it may not wait, or as many wait as may ──▶ refused
//
// Permits of all pools are taken in one step, in the order global, provider, session, conversation:
// nobody holds one while it waits for another, so there is nothing to deadlock on or to forget. A
// refusal names the first full pool in that order.
//
// First come, first served, for each pool: a newcomer never overtakes one who waits for a pool that
// both want. Who waits for a full session does not stop those of other sessions; but the first in
// line of each full pool has its place in the other pools kept for it, so it cannot starve.
//
// A Permit is an owned value: gone on every path, once. A leak is a permit whose owner no longer
// exists, and nothing else is; a permit in use is none, however long.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace exai::resilience {

enum class Pool { global, provider, session, conversation };
inline constexpr std::size_t kPools = 4;
std::string_view name(Pool pool);

struct PermitLimits {  // 0, or no such provider: no limit
  std::size_t global = 0;
  std::map<std::string, std::size_t, std::less<>> providers;
  std::size_t session = 0;
  std::size_t conversation = 0;
  std::size_t waiting = 10'000;  // in all; more are refused
};

// What a call takes permits of; empty: nothing of that pool. Everybody takes a global one.
struct Demand {
  std::string provider;
  std::string session;
  std::string conversation;
};

struct Owner {
  std::string session;
  std::string request;
  friend bool operator==(const Owner&, const Owner&) = default;
};

// The pool that is in the way.
struct Full {
  Pool pool = Pool::global;
  std::string key;  // the provider, session or conversation
  std::size_t limit = 0;
  friend bool operator==(const Full&, const Full&) = default;
};

class Permits;

// Held, waiting or neither. Lifetime: its Permits outlive it.
class Permit {
 public:
  Permit() = default;
  Permit(Permit&& other) noexcept;
  Permit& operator=(Permit&& other) noexcept;
  ~Permit() { release(); }

  bool is_held() const;
  bool is_waiting() const;
  std::optional<Full> obstacle() const;  // of one that waits
  void release();                        // gives up waiting, too; nothing happens the second time

 private:
  friend class Permits;
  Permit(Permits& permits, std::uint64_t ticket) : permits_(&permits), ticket_(ticket) {}

  Permits* permits_ = nullptr;
  std::uint64_t ticket_ = 0;
};

class Permits {
 public:
  enum class WhenFull { wait_turn, refuse_now };

  // `granted` hears of each owner who waited and now holds; it must not ask or release.
  explicit Permits(PermitLimits limits, std::function<void(const Owner&)> granted = {});
  Permits(const Permits&) = delete;
  Permits& operator=(const Permits&) = delete;

  struct Answer {
    Permit permit;             // held or waiting; neither: refused
    std::optional<Full> full;  // unless it is held
    bool queue_is_full = false;
  };
  Answer ask(Demand demand, Owner owner, WhenFull when_full);

  // How many hold one; the key is "" for the global pool.
  std::size_t in_use(Pool pool, std::string_view key = {}) const;
  std::size_t held() const { return held_.size(); }
  std::size_t waiting() const { return waiting_.size(); }
  const PermitLimits& limits() const { return limits_; }

  // The owners of held permits that no longer exist.
  std::vector<Owner> leaked(const std::function<bool(const Owner&)>& exists) const;
  // Takes back what such an owner held; its Permit, should it turn up, releases nothing any more.
  void reclaim(const Owner& owner);

 private:
  friend class Permit;
  using Ticket = std::uint64_t;
  using Count = std::unordered_map<std::string, std::size_t>;  // of one pool, by key
  using Counts = std::array<Count, kPools>;
  struct Holder {
    std::array<std::string, kPools> keys;
    Owner owner;
    std::array<Count::pointer, kPools> taken{};  // where it counts, while it holds
  };

  static bool takes(const Holder& holder, std::size_t pool);
  std::size_t limit_of(std::size_t pool, const std::string& key) const;
  std::optional<Full> obstacle(const Holder& holder, const Counts* claims) const;
  void take(Holder& holder);
  void release(Ticket ticket);
  void admit_waiting();

  PermitLimits limits_;
  std::function<void(const Owner&)> granted_;
  Ticket last_ = 0;
  Counts used_;
  std::unordered_map<Ticket, Holder> held_;
  std::map<Ticket, Holder> waiting_;  // in the order in which they came
};

}  // namespace exai::resilience
