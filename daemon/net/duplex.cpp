#include "daemon/net/duplex.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace exai::net {

// What is left of the connection to those who may outlive it.
struct Duplex::Line {
  Send send;
  bool open = true;

  void write(std::string text) const {
    if (open) send(std::move(text));
  }
};

class Duplex::SessionPeer final : public Peer {
 public:
  SessionPeer(std::string id, std::shared_ptr<Line> line, mcp::Session session)
      : Peer(std::move(id)), line_(std::move(line)), session_(std::move(session)) {}

  mcp::FrontEnd* front_end() override { return line_->open ? &session_ : nullptr; }
  const mcp::Session& session() const { return session_; }
  void reply(mcp::Reply reply) override { line_->write(std::move(reply.text)); }
  void notify(std::string message) override { line_->write(std::move(message)); }

 private:
  std::shared_ptr<Line> line_;
  mcp::Session session_;
};

// One request of the stateless era.
class Duplex::RequestPeer final : public Peer,
                                  public Listener,
                                  public std::enable_shared_from_this<RequestPeer> {
 public:
  RequestPeer(std::string id, std::shared_ptr<Line> line, mcp::Stateless request,
              McpStateless& stateless, std::function<void()> done)
      : Peer(std::move(id)),
        line_(std::move(line)),
        request_(std::move(request)),
        stateless_(stateless),
        done_(std::move(done)) {}
  ~RequestPeer() override { stateless_.remove(*this); }

  mcp::FrontEnd* front_end() override { return line_->open && !silent_ ? &request_ : nullptr; }
  void reply(mcp::Reply reply) override { line_->write(std::move(reply.text)); }
  void notify(std::string message) override { line_->write(std::move(message)); }
  void call_started(const mcp::StartCall&) override { is_busy_ = true; }
  void call_ended() override { end(); }
  void listen(mcp::Listen listen) override {
    is_busy_ = true;
    stateless_.add(*this);
    notify(std::move(listen.acknowledgement));
    for (auto& text : listen.now) notify(std::move(text));
  }
  void tell(const mcp::Change& change) override { tell_of(change); }
  void tell(const mcp::TaskEntry& task) override { tell_of(task); }
  void end_listening() override {
    notify(request_.end_listening());
    end();
  }

  bool is_busy() const { return is_busy_; }
  void silence() { silent_ = true; }
  std::vector<mcp::Output> receive(rpc::Request& request) { return request_.receive(request); }

 private:
  template <class What>
  void tell_of(const What& what) {
    if (auto text = request_.changed(what)) notify(*std::move(text));
  }
  void end() {
    is_busy_ = false;
    const auto self = shared_from_this();  // done_() may let go of the last but this
    if (line_->open) done_();
  }

  std::shared_ptr<Line> line_;
  mcp::Stateless request_;
  McpStateless& stateless_;
  std::function<void()> done_;
  bool is_busy_ = false;
  bool silent_ = false;  // cancelled: nothing more is said
};

Duplex::Duplex(std::string id, Send send, CallRunner& runner, McpStateless& stateless,
               mcp::Session session, std::size_t max_in_flight, std::set<Duplex*>& open,
               Origin origin)
    : runner_(runner),
      stateless_(stateless),
      max_in_flight_(max_in_flight),
      open_(open),
      line_(std::make_shared<Line>(Line{std::move(send)})),
      session_(std::make_shared<SessionPeer>(std::move(id), line_, std::move(session))) {
  origin.session = session_->session_id();
  session_->set_origin(std::move(origin));
  open_.insert(this);
}

Duplex::~Duplex() {
  open_.erase(this);
  line_->open = false;
  runner_.cancel_session(session_->session_id());
  for (const auto& [id, request] : requests_) runner_.cancel_session(request->session_id());
}

void Duplex::receive(std::string_view text) {
  if (auto request = mcp::modern_request(text)) return receive_request(*request, text.size());
  if (!requests_.empty() && cancel_request(text)) return;
  runner_.receive(session_, text);
}

void Duplex::receive_request(rpc::Request& request, std::size_t bytes) {
  if (!request.id) return;
  const rpc::Id id = *request.id;
  if (requests_.contains(id))
    return line_->write(mcp::refuse(request, rpc::kInvalidRequest,
                                    "the id is in use by a request still in progress")
                            .text);
  if (requests_.size() >= max_in_flight_)
    return line_->write(mcp::refuse(request, mcp::kOverCapacity,
                                    fmt::format("this connection has {} in progress, the most it "
                                                "may; wait for one to end",
                                                count_of(requests_.size(), "request")),
                                    json::object{{"limit", "calls"}, {"retryAfter", 1}})
                            .text);
  auto peer = std::make_shared<RequestPeer>(
      fmt::format("{}/{}", session_->session_id(), to_text(rpc::to_json(id))), line_,
      stateless_.request(std::nullopt, session_->origin()), stateless_,
      [this, id] { requests_.erase(id); });
  peer->set_origin(session_->origin());
  requests_.emplace(id, peer);
  runner_.carry_out(peer, peer->receive(request), bytes);
  if (!peer->is_busy()) requests_.erase(id);
}

// Whether the text cancels one of our requests. Those of the session are its own affair.
bool Duplex::cancel_request(std::string_view text) {
  constexpr std::string_view kMethod = "notifications/cancelled";
  if (text.find(kMethod) == std::string_view::npos) return false;
  const auto message = rpc::parse(text);
  const auto* notification = message ? std::get_if<rpc::Request>(&*message) : nullptr;
  if (!notification || notification->id || notification->method != kMethod) return false;
  const auto id = mcp::cancelled_id(notification->params);
  const auto found = id ? requests_.find(*id) : requests_.end();
  if (found == requests_.end()) return false;
  const auto request = found->second;
  request->silence();
  stateless_.remove(*request);
  requests_.erase(found);
  runner_.cancel_session(request->session_id());
  return true;
}

void Duplex::changed(const mcp::Change& change) {
  if (auto text = session_->session().changed(change)) session_->notify(*std::move(text));
}

}  // namespace exai::net
