#include "daemon/net/mcp_stateless.hpp"

#include <utility>
#include <vector>

#include "daemon/net/access.hpp"

namespace exai::net {

// One request over HTTP.
class StatelessStream final : public HttpStream {
 public:
  StatelessStream(std::string id, Accepts accepts, mcp::Stateless request,
                  std::set<StatelessStream*>& listening)
      : HttpStream(std::move(id), accepts), request_(std::move(request)), listening_(listening) {}
  ~StatelessStream() override { listening_.erase(this); }

  mcp::FrontEnd* front_end() override { return gone_ ? nullptr : &request_; }
  void listen(mcp::Listen listen) override {
    hold_open();
    listening_.insert(this);
    notify(std::move(listen.acknowledgement));
  }
  void tell(const mcp::Change& change) {
    if (auto text = request_.changed(change)) notify(*std::move(text));
  }
  void end_listening() {
    if (listening_.erase(this) == 0) return;
    notify(request_.end_listening());
    release();
  }
  // Nothing more is said, and what listens stops.
  void leave() {
    gone_ = true;
    if (listening_.erase(this) > 0) release();
  }

 protected:
  int status_of(int code) const override { return mcp::Stateless::http_status(code); }
  std::string encode(std::string message) override { return event_text({}, message); }

 private:
  mcp::Stateless request_;
  std::set<StatelessStream*>& listening_;
  bool gone_ = false;
};

McpStateless::McpStateless(Loop& loop, Clock& clock, Log log, CallRunner& runner,
                           const mcp::Source& source, const McpOptions& options)
    : clock_(clock),
      runner_(runner),
      server_(options.server, source, sealer_),
      watchers_(loop, std::move(log)) {}

bool McpStateless::is_modern(const Request& request) {
  return header(request.headers, "mcp-protocol-version") >= mcp::kFirstModernVersion ||
         mcp::is_modern(request.body);
}

Task<std::optional<Response>> McpStateless::post(Request request, BodyWriter& writer) {
  const Accepts accepts = Accepts::from(header(request.headers, "accept"));
  if (auto refusal = refuse_form(request, accepts)) co_return refusal;
  mcp::Stateless one(server_, std::move(request.headers), clock_.wall());
  std::string id = "once-" + std::to_string(++requests_);
  const auto stream =
      std::make_shared<StatelessStream>(std::move(id), accepts, std::move(one), listening_);
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

void McpStateless::changed(const mcp::Change& change) {
  for (StatelessStream* stream : listening_) stream->tell(change);
}

Task<> McpStateless::drain() {
  const std::vector<StatelessStream*> all(listening_.begin(), listening_.end());
  for (StatelessStream* stream : all) stream->end_listening();
  co_await watchers_.join();
}

}  // namespace exai::net
