#include "daemon/net/mcp_stateless.hpp"

#include <utility>
#include <vector>

#include "daemon/net/access.hpp"

namespace exai::net {

// One request over HTTP.
class StatelessStream final : public HttpStream, public Listener {
 public:
  StatelessStream(std::string id, Accepts accepts, mcp::Stateless request, McpStateless& owner)
      : HttpStream(std::move(id), accepts), request_(std::move(request)), owner_(owner) {}
  ~StatelessStream() override { owner_.remove(*this); }

  mcp::FrontEnd* front_end() override { return gone_ ? nullptr : &request_; }
  void listen(mcp::Listen listen) override {
    hold_open();
    owner_.add(*this);
    notify(std::move(listen.acknowledgement));
  }
  void tell(const mcp::Change& change) override {
    if (auto text = request_.changed(change)) notify(*std::move(text));
  }
  void end_listening() override {
    if (!owner_.remove(*this)) return;
    notify(request_.end_listening());
    release();
  }
  // Nothing more is said, and what listens stops.
  void leave() {
    gone_ = true;
    if (owner_.remove(*this)) release();
  }

 protected:
  int status_of(int code) const override { return mcp::Stateless::http_status(code); }
  std::string encode(std::string message) override { return event_text({}, message); }

 private:
  mcp::Stateless request_;
  McpStateless& owner_;
  bool gone_ = false;
};

McpStateless::McpStateless(Loop& loop, Clock& clock, Log log, CallRunner& runner,
                           const mcp::Source& source, const McpOptions& options)
    : clock_(clock),
      runner_(runner),
      trusted_(options.trusted),
      server_(options.server, source, sealer_),
      watchers_(loop, std::move(log)) {}

bool McpStateless::is_modern(const Request& request) {
  return header(request.headers, "mcp-protocol-version") >= mcp::kFirstModernVersion ||
         mcp::is_modern(request.body);
}

Task<std::optional<Response>> McpStateless::post(Request request, BodyWriter& writer) {
  const Accepts accepts = Accepts::from(header(request.headers, "accept"));
  if (auto refusal = refuse_form(request, accepts)) co_return refusal;
  mcp::Stateless one = this->request(std::move(request.headers));
  std::string id = "once-" + std::to_string(++requests_);
  const auto stream =
      std::make_shared<StatelessStream>(std::move(id), accepts, std::move(one), *this);
  stream->set_origin({"", trusted_.limit_key(request.peer)});
  runner_.receive(stream, request.body);
  TaskGroup::Handle watcher;
  if (stream->is_running()) {
    Task<> gone = writer.wait_gone();
    watcher = watchers_.spawn("disconnect", watch(stream, std::move(gone)));
  }
  auto response = co_await stream->respond(writer);
  stream->leave();
  watchers_.cancel(watcher);
  co_return response;
}

Task<> McpStateless::watch(std::shared_ptr<StatelessStream> stream, Task<> gone) {
  co_await std::move(gone);
  stream->leave();
  runner_.cancel_session(stream->session_id());
}

mcp::Stateless McpStateless::request(std::optional<mcp::HeaderMap> headers) {
  return {server_, std::move(headers), clock_.wall()};
}

void McpStateless::changed(const mcp::Change& change) {
  for (Listener* listener : listening_) listener->tell(change);
}

Task<> McpStateless::drain() {
  const std::vector<Listener*> all(listening_.begin(), listening_.end());
  for (Listener* listener : all) listener->end_listening();
  co_await watchers_.join();
}

}  // namespace exai::net
