#pragma once
// The control socket of the supervisor (core/control/control.hpp has the protocol). The folder is
// ours alone, the peer must be our user or root, lines and clients are bounded, and every client has
// a coroutine of its own, so a slow one keeps nobody waiting but itself.
//
// Thread: loop. Lifetime: the Supervisor outlives it; co_await close() before it is destroyed.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/rpc.hpp"
#include "supervisor/service/supervisor.hpp"

namespace exai {

class ControlServer final {
 public:
  // Listens. A socket file that is there is of a dead supervisor: the caller holds the lock.
  static Result<std::unique_ptr<ControlServer>> open(Loop& loop, Clock& clock,
                                                     service::Supervisor& supervisor,
                                                     const Workspace& workspace, Log log);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Answers what was asked, lets followers of events see the last of them, then ends.
  Task<> close();

 private:
  using Reply = tl::expected<json::object, rpc::ErrorObject>;
  struct Listener;
  struct Method;

  ControlServer(Loop& loop, Clock& clock, service::Supervisor& supervisor, Log log, Fd listening);

  Task<> accept();
  bool is_follower_behind() const;
  Task<> serve(std::shared_ptr<struct ControlClient> client);
  Task<rpc::Response> answer(std::string line);

  Task<Reply> status(json::object params);
  Task<Reply> up(json::object params);
  Task<Reply> restart(json::object params);
  Task<Reply> down(json::object params);
  Task<Reply> events(json::object params);
  Reply status_or(const Result<>& result);

  Clock& clock_;
  service::Supervisor& supervisor_;
  Log log_;
  std::unique_ptr<Listener> listener_;
  int clients_ = 0;
  int answering_ = 0;  // requests whose answer is not yet written
  std::optional<std::uint64_t> told_;  // the newest event in an answer to `events`
  bool closing_ = false;
  TaskGroup tasks_;
};

}  // namespace exai
