#pragma once
// Whether and when a call may run. Every call of every transport asks here (call_runner.cpp):
//
//   rates (global, address, session) ──empty──▶ refused
//   permits (global, provider, session, conversation)
//      held ──▶ runs        full ──▶ waits its turn ──too long──▶ refused
//
// A refusal names the limit and says when to try again. Rates come first: who comes too often does
// not stand in the line. Calls of the tools in `exempt` neither count nor wait, so that an operator
// can ask what is going on while everything is full.
//
// Thread: the loop's. Lifetime: outlives the calls that it admits.

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/loop.hpp"
#include "core/resilience/permits.hpp"
#include "core/resilience/rate_limit.hpp"
#include "daemon/mcp/front_end.hpp"
#include "daemon/net/transport.hpp"

namespace exai::net {

struct AdmissionOptions {  // no limit unless one is set
  resilience::PermitLimits permits;
  Duration wait = 30s;  // for permits; 0: refused at once
  Duration retry_after = 1s;
  resilience::RateLimits rates;
  std::vector<std::string> exempt;  // tools
};

// Where a call comes from. Empty: no limits of that kind.
struct Origin {
  std::string session;
  std::string address;
  Caller caller = {};
};

class Admission {
 public:
  Admission(Loop& loop, Clock& clock, AdmissionOptions options);
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  struct Entry {
    resilience::Permit permit;  // held, waiting, or none for one that is exempt or refused
    std::optional<mcp::Refusal> refusal;
  };
  // `request` names the call; unique in the process.
  Entry enter(const Origin& origin, const mcp::StartCall& call, mcp::Needs needs,
              std::string request);
  // Until a waiting permit is held. Lifetime: the permit outlives this. Returns: the refusal, when
  // its turn did not come in time.
  Task<std::optional<mcp::Refusal>> wait(const resilience::Permit* permit, std::string request,
                                         Duration limit);
  Duration longest_wait() const { return options_.wait; }

  // Takes back permits whose call no longer exists; there should be none. Returns: their owners.
  std::vector<resilience::Owner> reclaim(
      const std::function<bool(const resilience::Owner&)>& exists);

  struct Use {
    std::string pool;      // "global" or "provider"
    std::string provider;  // of a provider's
    std::size_t in_use = 0;
    std::size_t limit = 0;
  };
  std::vector<Use> uses() const;  // of the pools that are always there
  std::size_t held() const { return permits_.held(); }
  std::size_t waiting() const { return permits_.waiting(); }

 private:
  struct Waiter;
  Task<Result<>> turn(const resilience::Permit* permit, std::string request);
  mcp::Refusal refuse(const resilience::Full& full, std::string_view why) const;

  Loop& loop_;
  Clock& clock_;
  AdmissionOptions options_;
  resilience::RateLimiter rates_;
  std::unordered_map<std::string, Timer*> waiters_;  // by request
  resilience::Permits permits_;
};

// "kimi takes 6 calls at a time", for people.
std::string describe(const resilience::Full& full);

}  // namespace exai::net
