#pragma once
// One response of Streamable HTTP while it comes into being: what the front-end has to say to one
// POST (or GET), as one JSON message or as a stream of events. Internal to the endpoint.
//
//   undecided ──the reply is the first to be said──▶ plain         application/json
//       │
//       └─ a notification, a question, 15 s of silence, or JSON is not accepted ──▶ streaming
//
//   streaming: text/event-stream; a comment after 15 s of silence. Ends when the calls of the
//   request have ended, or with close_stream(), or is taken over by another connection (resume()).
//   A connection that has reached its `end` is over, with a comment that says so; the stream is
//   not, and another connection may take it up. What is still plain then is given.
//
// Lifetime: calls hold it by shared_ptr, so it may outlive its connection.

#include <memory>
#include <string>
#include <vector>

#include "daemon/mcp/session_table.hpp"
#include "daemon/net/call_runner.hpp"
#include "daemon/net/transport.hpp"

namespace exai::net {

// What the client's Accept header allows.
struct Accepts {
  bool json = true;
  bool stream = true;
  static Accepts from(std::string_view header);
};

int status_for(int code);  // of the handshake era
Response json_response(int status, std::string body);
Response event_stream(std::string events = {});
// One event; without an id when `id` is empty.
std::string event_text(std::string_view id, std::string_view message);

class HttpStream : public Peer {
 public:
  HttpStream(std::string session_id, Accepts accepts);

  void reply(mcp::Reply reply) override;
  void notify(std::string message) override;
  bool can_notify() const override { return accepts_.stream; }
  void call_started(const mcp::StartCall& call) override;
  void call_ended() override;
  void close_stream() override;

  // The whole exchange: resumes when the response is complete. Nothing: it went out through the
  // writer. Lifetime: the caller holds a shared_ptr.
  Task<std::optional<Response>> respond(BodyWriter& writer, Time end = Time::max());
  bool is_running() const { return running_ > 0; }
  // Events to a writer until they end or the client goes.
  Task<> serve(BodyWriter& writer, Time end = Time::max());

 protected:
  virtual int status_of(int code) const = 0;
  virtual std::string begin() { return {}; }            // what a stream begins with
  virtual std::string encode(std::string message) = 0;  // an event
  virtual void ended() {}                               // its last call has
  void go_on(std::string events);  // with a new connection, from these events on
  void hold_open();                // until release(), also without a call
  void release();
  void begin_stream();

 private:
  Task<bool> wait(Time end = Time::max());
  void wake();

  Accepts accepts_;
  std::vector<std::string> said_;                // while undecided
  std::string events_;                           // while streaming: to be written
  std::shared_ptr<Timer> changed_;               // there while somebody waits
  std::uint64_t attached_ = 0;                   // which connection it is by now; 0: none yet
  std::size_t running_ = 0;
  int status_ = 200;
  bool started_ = false;
  bool streaming_ = false;
  bool closed_ = false;
  bool abandoned_ = false;  // no connection, but another one may come
};

// Whether the body is declared as plain JSON and some answer is accepted; else the refusal.
std::optional<Response> refuse_form(const Request& request, Accepts accepts);

// Streams of sessions by session and number, from their first event on: before that there is
// nothing to come back for.
class SessionStream;
using LiveStreams = std::map<std::pair<std::string, std::uint64_t>, SessionStream*>;

// The handshake era: every event has an id and goes into the session's log. Number 0 is the stream
// that a client GETs for what belongs to no request of its own.
class SessionStream final : public HttpStream, public std::enable_shared_from_this<SessionStream> {
 public:
  SessionStream(std::string session_id, std::uint64_t number, Accepts accepts,
                mcp::SessionTable& table, LiveStreams& live);
  ~SessionStream() override;

  mcp::FrontEnd* front_end() override;
  void stay();  // no request's end ends it, and its session does not expire
  void open();  // as a stream, before anything is said
  void resume(const std::vector<mcp::EventLog::Event>& missed);

 protected:
  void ended() override;
  int status_of(int code) const override { return status_for(code); }
  std::string begin() override;
  std::string encode(std::string message) override;

 private:
  void go_live();
  mcp::SessionTable::Entry* entry() const { return table_.find(session_id()); }

  std::uint64_t number_;
  mcp::SessionTable& table_;
  LiveStreams& live_;
  bool stays_ = false;
  bool is_live_ = false;
};

}  // namespace exai::net
