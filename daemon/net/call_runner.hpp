#pragma once
// Carries out what sessions say: sends their replies, runs and cancels their calls. Every call of
// every transport goes through start(), and so through admission. A call holds its permits until
// its tool has really ended, by whatever way.
//
// A call that may become a task (mcp/tasks.hpp) does when it asks its client, or has run for
// `patience`: then its client has its answer and may go, and the call goes on without a connection.
// One that finds no room for another task stays an ordinary call; those that must be tasks are
// refused.
//
// Lifetime: drain() before destroying.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/loop.hpp"
#include "daemon/mcp/front_end.hpp"
#include "daemon/mcp/tasks.hpp"
#include "daemon/net/admission.hpp"
#include "daemon/net/mcp_endpoint.hpp"

namespace exai::net {

// A transport's end of a conversation. Calls hold it by shared_ptr, so it may outlive its
// connection; then what is sent goes nowhere.
class Peer {
 public:
  explicit Peer(std::string session_id) : session_id_(std::move(session_id)) {}
  virtual ~Peer() = default;

  const std::string& session_id() const { return session_id_; }
  const Origin& origin() const { return origin_; }
  void set_origin(Origin origin) { origin_ = std::move(origin); }
  virtual mcp::FrontEnd* front_end() = 0;  // nullptr: it has ended
  virtual void reply(mcp::Reply reply) = 0;
  virtual void notify(std::string message) = 0;  // a notification, or a request to the client
  virtual bool can_notify() const { return true; }
  virtual void close_stream() {}
  virtual void listen(mcp::Listen) {}
  virtual void call_started(const mcp::StartCall&) {}
  virtual void call_ended() {}  // after its reply, if there is one

 private:
  std::string session_id_;
  Origin origin_;
};

// Whose tasks the calls from there are.
inline mcp::TaskOwner owner_of(const Origin& origin) {
  return {origin.caller.name, origin.address};
}

class CallRunner {
 public:
  // Over HTTP a session id lets in whoever knows it, so log lines carry only its beginning.
  static constexpr std::size_t kLoggedIdLength = 8;
  static constexpr std::string_view kShuttingDown = "the daemon is shutting down";

  struct Limits {
    Duration call = 450s;  // from its arrival, its wait for a turn included
    Duration tool = 300s;  // from its turn on
    Duration patience = 500ms;
  };
  CallRunner(Loop& loop, Clock& clock, Log log, mcp::Source& source, McpObserver& observer,
             Admission& admission, mcp::TaskTable& tasks, Limits limits);
  CallRunner(const CallRunner&) = delete;
  CallRunner& operator=(const CallRunner&) = delete;

  // What the text from the client leads to. A call may have ended before this returns.
  void receive(const std::shared_ptr<Peer>& peer, std::string_view text);
  // The same, when the front-end has read a message of that many bytes already.
  void carry_out(const std::shared_ptr<Peer>& peer, std::vector<mcp::Output> outputs,
                 std::size_t bytes);
  // `why`: for clients that are still there; it lives as long as the program.
  void cancel_session(const std::string& session_id, std::string_view why = kShuttingDown);

  std::size_t in_flight() const { return calls_.size(); }
  bool is_draining() const { return draining_; }
  // Permits whose call is gone, which would be a bug: says so and takes them back.
  void check_permits();
  // From now on calls are refused. Resumes when none is left; cancels those that the limit leaves.
  Task<> drain(Duration limit);
  // An answer that needed no call, for the observer.
  void observe(const mcp::Reply& reply, Time started) const;

 private:
  struct Key {
    std::string session;
    rpc::Id id;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Call;
  class CallClient;
  class TaskPeer;
  struct Asking;

  void start(const std::shared_ptr<Peer>& peer, mcp::StartCall request, Time started,
             std::size_t bytes);
  bool admit(Call& call, const mcp::StartCall& request);
  void admitted(Call& call, Duration waited);
  Task<> run(std::shared_ptr<Call> call, mcp::Call request);
  Task<> beat(std::shared_ptr<Call> call, Duration every);
  void set_alarm(const std::shared_ptr<Call>& call, Duration waited);
  Task<> end_at_limit(std::shared_ptr<Call> call, Duration limit);
  Task<> lose_patience(std::shared_ptr<Call> call);
  Result<> become_task(Call& call);
  bool begin_task(Call& call);
  void cancel_waiting_tasks();  // those that wait for an answer of their clients
  Task<Result<std::vector<json::object>>> ask(std::shared_ptr<Call> call,
                                              std::vector<mcp::Question> questions);
  void answer(const Key& question, Result<json::object> given);
  std::shared_ptr<mcp::Client> client_of(const std::shared_ptr<Call>& call);
  void cancel(Call& call, std::string_view why = kShuttingDown);
  void finish(Call& call, const Result<mcp::Outcome>& outcome);
  Result<mcp::Outcome> too_late(const Call& call) const;
  void tell(const std::shared_ptr<Peer>& peer, mcp::Output output, Time started, std::size_t bytes);
  Task<Result<>> all_ended();

  Clock& clock_;
  mcp::Source& source_;
  McpObserver& observer_;
  Admission& admission_;
  mcp::TaskTable& long_calls_;
  Log log_;
  Limits limits_;
  TaskGroup tasks_;
  std::map<Key, std::shared_ptr<Call>> calls_;
  std::map<Key, Asking*> asking_;  // by the id of our request
  std::string request_prefix_;     // request ids: unique across restarts, cheap within one
  std::uint64_t requests_ = 0;
  std::size_t bytes_ = 0;  // of the messages of all calls
  bool draining_ = false;
};

}  // namespace exai::net
