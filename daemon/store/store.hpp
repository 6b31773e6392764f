#pragma once
// Where conversations live between calls: bytes under a key, each with a time to live. One
// interface, two backends: memory (gone after a restart) and Redis (shared by replicas).
//
// Errors: unavailable (the backend does not answer; trying again later may help), denied (wrong
// password), invalid (a value over the limit). A missing key is no error. Calls never block the
// loop, and while Redis is down they fail at once instead of waiting for it.
//
// Thread: loop. Lifetime: the loop and the clock outlive the store; close() before destroying it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/loop.hpp"
#include "core/base/secret.hpp"
#include "core/telemetry/metrics.hpp"

namespace exai::store {

class Store {
 public:
  virtual ~Store() = default;

  virtual std::string_view backend() const = 0;  // "memory", "redis"
  virtual Task<Result<std::optional<std::string>>> get(std::string key) = 0;
  virtual Task<Result<>> put(std::string key, std::string value, Duration time_to_live) = 0;
  virtual Task<Result<>> remove(std::string key) = 0;
  // Proof by work: writes a private key, reads it back and removes it.
  virtual Task<Result<>> ping() = 0;
  // Ends background work. Calls that come later are `unavailable`.
  virtual Task<> close() = 0;
};

// Over the limit, the entry that was not used for longest makes room.
std::unique_ptr<Store> make_memory_store(Clock& clock, std::size_t max_bytes = 64U << 20U);

struct RedisOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  Secret password;  // empty: no AUTH
  int database = 0;
  Duration connect_timeout = 1s;
  Duration command_timeout = 1s;
  Duration backoff_min = 100ms;  // between attempts to connect, doubling …
  Duration backoff_max = 2s;     // … up to this
};

// Starts to connect at once and connects again whenever the connection is lost.
std::unique_ptr<Store> make_redis_store(Loop& loop, Clock& clock, Log log, RedisOptions options);

// The same store, with every operation counted and timed: mcp_storage_operations_total and
// mcp_storage_latency_seconds.
std::unique_ptr<Store> make_measured_store(std::unique_ptr<Store> inner, Clock& clock,
                                           telemetry::Metrics& metrics);

}  // namespace exai::store
