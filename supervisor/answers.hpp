#pragma once
// What the supervisor answers to a line of the control protocol: checks it against the table of
// core/control/methods.hpp, calls the supervisor, and makes the answer of what came of it. Knows
// nothing of sockets: a line and the session of its connection go in, a response comes out.
//
// Thread: loop. Lifetime: the Supervisor outlives it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/loop.hpp"
#include "core/base/rpc.hpp"
#include "core/base/secret.hpp"
#include "core/control/methods.hpp"
#include "supervisor/service/supervisor.hpp"

namespace exai {

// What is remembered of one connection.
struct ControlSession {
  control::Scope access = control::Scope::read;    // as much as it may do
  std::optional<Secret> token;                     // to be shown before anything else
  bool refused = false;  // it has shown another one: the connection is to be ended
  std::optional<std::uint64_t> subscribed;  // events after this one are to be pushed to it
  std::optional<std::uint64_t> told;        // the newest event that it has been told
};

class ControlAnswers final {
 public:
  ControlAnswers(Clock& clock, service::Supervisor& supervisor, Log log)
      : clock_(clock), supervisor_(supervisor), log_(std::move(log)) {}

  Task<rpc::Response> answer(std::shared_ptr<ControlSession> session, std::string line);

 private:
  using Session = std::shared_ptr<ControlSession>;
  using Reply = tl::expected<json::object, rpc::ErrorObject>;
  struct Handler;
  static const Handler* find_handler(std::string_view method);

  Task<Reply> hello(Session session, json::object params);
  Task<Reply> authenticate(Session session, json::object params);
  Task<Reply> status(Session session, json::object params);
  template <Result<> (service::Supervisor::*request)(const std::vector<std::string>& services)>
  Task<Reply> ask(Session session, json::object params);
  Task<Reply> signal(Session session, json::object params);
  Task<Reply> scale(Session session, json::object params);
  Task<Reply> down(Session session, json::object params);
  Task<Reply> reload(Session session, json::object params);
  Task<Reply> upgrade(Session session, json::object params);
  Task<Reply> events(Session session, json::object params);
  Task<Reply> subscribe(Session session, json::object params);
  Reply status_or(const Result<>& result);

  Clock& clock_;
  service::Supervisor& supervisor_;
  Log log_;
};

}  // namespace exai
