#pragma once
// What `exai mcp` says between a client on stdin and stdout and a daemon that comes and goes,
// without any I/O: lines, messages and losses in, actions out (bridge.hpp performs them).
//
//           connected()             tools known, no session
//    down ──────────────▶ learning ─────────────────────────▶ open
//     ▲                      │ tools known, the client has a session      ▲
//     │                      └──────────────▶ restoring ──────────────────┘ initialize answered
//     └──────────────────────── lost(), from everywhere
//
//   learning   asks the daemon by a request of its own which tools only read. The bridge must know
//              before it sends a call, not after it has lost one.
//   restoring  the daemon knows nothing of the client's session any more, since the connection was
//              the session: initialize as the client once said it (with the version agreed on),
//              initialized, logging/setLevel, resources/subscribe. Sessions are of the handshake
//              eras; without one (2026-07-28) there is nothing to restore.
//   open       what waited goes out, in the order in which it came.
//
// What becomes of a request of the client when the connection is lost:
//
//   it waits to be sent                       waits on
//   sent, and doing it twice does no harm     is sent again, up to `sendings` times in all
//   sent, any other                           answered with -31003: nobody knows whether it ran
//
// Harmless are lists, reads, pings and the like (is_harmless), tools/call of a tool that says
// readOnlyHint or idempotentHint. A request waits for a daemon as long as the patience lasts, then
// it is answered with -31001 and what is wrong; subscriptions/listen that were acknowledged wait
// for ever. Every request gets one answer and no other, whatever the daemon does.
//
// What the client may have missed, it is told to fetch again: list_changed and updated, as far as
// it had asked for them. A question of the daemon (sampling, elicitation, roots) has an id of ours
// on the client's side: a daemon that is new counts from 1 again. It is cancelled by a loss.
//
// The daemon is reached over WebSocket with subprotocol "mcp", not Streamable HTTP: a message is a
// line, in both directions and in order, one connection carries both eras, and its end is the one
// sign of a loss. With HTTP there would be a connection for each call and a stream to be resumed,
// whose memory dies with the daemon just the same.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/rpc.hpp"
#include "core/base/time.hpp"

namespace exai::bridge {

enum : int {
  kUnreachable = -31001,     // no daemon within the patience
  kTooMany = -31002,         // more requests than the bridge keeps, and no answer for 2 s
  kUnknownOutcome = -31003,  // it may have run, or not; data {"outcome": "unknown", "method", …}
};

struct ToClient {
  std::string line;
  friend bool operator==(const ToClient&, const ToClient&) = default;
};
struct ToDaemon {
  std::string text;
  friend bool operator==(const ToDaemon&, const ToDaemon&) = default;
};
struct Drop {  // this connection is of no use
  std::string why;
  friend bool operator==(const Drop&, const Drop&) = default;
};
struct End {  // the session cannot be had again: only the client can begin a new one
  std::string why;
  friend bool operator==(const End&, const End&) = default;
};
using Action = std::variant<ToClient, ToDaemon, Drop, End>;
using Actions = std::vector<Action>;

struct Limits {
  std::size_t requests = 4000;     // unanswered
  std::size_t bytes = 64U << 20U;  // of those whose text is kept
  Duration patience = 30s;
  int sendings = 4;
};

class Relay {
 public:
  enum class State { down, learning, restoring, open };

  // `name`: of the daemon, for people. `prefix`: begins the ids of our own requests, and none of
  // the client's.
  Relay(std::string name, std::string prefix, Limits limits);

  Actions from_client(std::string_view line, Time now);
  Actions from_daemon(std::string_view text);
  Actions connected();
  Actions lost(const Error& why, Time now);    // the connection that was up
  Actions failed(const Error& why, Time now);  // to connect; `denied` ends all patience
  Actions expire(Time now);
  Actions give_up(std::string_view why);  // answers all that is left
  void client_ended();                    // it listens no more, but waits for answers

  State state() const { return state_; }
  Time deadline() const;  // of the first request to expire
  bool is_idle() const { return requests_.empty(); }
  bool is_full() const { return requests_.size() >= limits_.requests; }  // refuses another one
  std::size_t waiting() const;                                           // to be sent

 private:
  struct Request {
    std::uint64_t number = 0;  // in the order of arrival
    std::string text;          // empty: sent, and not to be sent again
    std::size_t bytes = 0;     // of `text`, as it is counted in kept_
    std::string method;
    std::string object;               // the tool, URI or level that it is about
    json::object params;              // of initialize
    json::value token;                // for progress
    double progress = -1;             // the last one told
    std::vector<rpc::Id> batch = {};  // the ids in it; empty: it is none
    bool harmless = false;
    bool sent = false;
    bool acknowledged = false;  // subscriptions/listen
    int sendings = 0;
    Time deadline = Time::max();
  };
  using Requests = std::map<rpc::Id, Request>;

  // What is to be said to a daemon that does not know this client.
  struct Session {
    json::object params;  // of initialize, with the version that was agreed on
    json::object capabilities;
    bool initialized = false;
    std::string level;
    std::set<std::string, std::less<>> subscribed;
  };

  void take(const json::value& message, std::string text, Time now);
  void take_batch(const json::array& messages, Time now);
  void take_request(const rpc::Request& request, std::string text, Time now);
  void take_notification(const rpc::Request& notification, std::string text);
  void take_answer(const rpc::Response& answer);
  void add(const rpc::Id& id, Request request, Time now);
  void refuse(const rpc::Id& id, int code, std::string message);
  void send(Request& request);
  void send_waiting();

  void take_response(const rpc::Response& response, std::string_view text);
  void take_batch_response(const json::array& responses, std::string_view text);
  void take_own(std::string_view what, const rpc::Response& response);
  void take_question(const rpc::Request& question, std::string_view text);
  void take_news(const rpc::Request& news, std::string_view text);
  bool is_repeated_progress(const json::object& params);
  bool was_acknowledged(const json::object& params);
  void learn_tools(const rpc::Response& response);
  void ask_for_tools(const std::string& cursor);
  void restore();
  void restored(const rpc::Response& response);
  void remember(const Request& request, const rpc::Response& response);

  bool is_harmless(const Request& request) const;
  std::vector<rpc::Id> in_order(bool sent) const;
  void answer_with(const rpc::Id& id, const Request& request, int code, const std::string& message,
                   const json::object& data = {});
  void answer_unknown(Requests::iterator cut, std::string_view why);
  void answer_unreachable(Requests::iterator request);
  void forget(Requests::iterator request);
  void tell_client(std::string line);
  void ask_daemon(std::string_view what, std::string method, json::object params);
  Actions taken();  // what there is to do

  const std::string name_;
  const std::string prefix_;
  const Limits limits_;
  State state_ = State::down;
  Requests requests_;  // unanswered, by the first id of a batch
  std::size_t kept_ = 0;
  std::uint64_t numbers_ = 0;
  std::optional<Session> session_;
  std::set<std::string, std::less<>> harmless_tools_;
  std::size_t pages_ = 0;                                  // of tools/list, on this connection
  std::map<std::string, rpc::Id, std::less<>> questions_;  // our id → the daemon's
  std::uint64_t asked_ = 0;
  std::string trouble_ = "not tried yet";
  Actions actions_;
};

}  // namespace exai::bridge
