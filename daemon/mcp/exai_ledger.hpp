#pragma once
// What calls of the EXAI protocol gave and which run: so that a request that is sent again gets the
// result that it had, and an equal call does not run twice. Pure.
//
//   by request   session + request id   every call that ran
//   by call      session + call key     calls that succeeded and may be shared
//
// Sessions share nothing with each other. Results are kept for `keep`, and within the limits the
// youngest ones; one larger than `largest` is not kept. What runs is forgotten with its connection,
// so nothing stays "in flight" for ever.

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/time.hpp"

namespace exai::mcp {

class ExaiLedger {
 public:
  struct Limits {
    Duration keep = 600s;
    std::size_t entries = 2000;
    std::size_t bytes = 32U << 20U;
    std::size_t largest = 1U << 20U;
  };
  struct Running {
    std::string request;
    std::uint64_t connection = 0;
  };

  explicit ExaiLedger(Limits limits) : limits_(limits) {}

  // Lifetime: of the pointers, until the next call that changes something.
  const std::string* result_of_request(std::string_view session, std::string_view request,
                                       Time now);
  const std::string* result_of_call(std::string_view session, std::string_view key, Time now);
  const Running* running_request(std::string_view session, std::string_view request) const;
  const Running* running_call(std::string_view session, std::string_view key) const;

  // `key` may be empty: a call that shares with none.
  void start(std::string_view session, std::string_view key, Running running);
  void end(std::string_view session, std::string_view request, std::string_view key);
  void keep(std::string_view session, std::string_view request, std::string_view key,
            std::string result, Time now);

  std::size_t running() const { return running_.size(); }
  std::size_t results() const { return order_.size(); }

 private:
  struct Stored {
    std::string name;
    std::shared_ptr<const std::string> result;
    std::size_t bytes = 0;
    Time until{};
  };
  const std::string* find(const std::string& name, Time now);
  void put(std::string name, const std::shared_ptr<const std::string>& result, Time now);
  void drop_oldest();
  void expire(Time now);

  Limits limits_;
  std::unordered_map<std::string, Running> running_;
  std::list<Stored> order_;  // the oldest first
  std::unordered_map<std::string, std::list<Stored>::iterator> stored_;
  std::size_t bytes_ = 0;
};

}  // namespace exai::mcp
