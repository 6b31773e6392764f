#include "daemon/net/mcp_stateless.hpp"

#include <utility>
#include <vector>

#include "daemon/net/access.hpp"

namespace exai::net {

namespace {

constexpr std::string_view kTokenExpired = "the token has expired";

}  // namespace

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
    for (auto& text : listen.now) notify(std::move(text));
  }
  void tell(const mcp::Change& change) override { tell_of(change); }
  void tell(const mcp::TaskEntry& task) override { tell_of(task); }
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
  template <class What>
  void tell_of(const What& what) {
    if (auto text = request_.changed(what)) notify(*std::move(text));
  }

  mcp::Stateless request_;
  McpStateless& owner_;
  bool gone_ = false;
};

McpStateless::McpStateless(Loop& loop, Clock& clock, Log log, CallRunner& runner,
                           const mcp::Source& source, mcp::TaskTable& tasks,
                           const McpOptions& options)
    : clock_(clock),
      runner_(runner),
      trusted_(options.trusted),
      server_(options.server, source, sealer_, tasks),
      watchers_(loop, std::move(log)) {}

bool McpStateless::is_modern(const Request& request) {
  return header(request.headers, "mcp-protocol-version") >= mcp::kFirstModernVersion ||
         mcp::modern_request(request.body).has_value();
}

Task<std::optional<Response>> McpStateless::post(Request request, BodyWriter& writer) {
  const Accepts accepts = Accepts::from(header(request.headers, "accept"));
  if (auto refusal = refuse_form(request, accepts)) co_return refusal;
  const Origin origin{"", trusted_.limit_key(request.peer), std::move(request.caller)};
  mcp::Stateless one = this->request(std::move(request.headers), origin);
  std::string id = "once-" + std::to_string(++requests_);
  const auto stream =
      std::make_shared<StatelessStream>(std::move(id), accepts, std::move(one), *this);
  stream->set_origin(origin);
  runner_.receive(stream, request.body);
  TaskGroup::Handle watcher;
  if (stream->is_running()) {
    Task<> gone = writer.wait_gone();
    const Time end = deadline_at(clock_, origin.caller.until);
    watcher = watchers_.spawn("disconnect", watch(stream, std::move(gone), end));
  }
  auto response = co_await stream->respond(writer);
  stream->leave();
  watchers_.cancel(watcher);
  co_return response;
}

Task<> McpStateless::watch(std::shared_ptr<StatelessStream> stream, Task<> gone, Time end) {
  using namespace asio::experimental::awaitable_operators;
  bool expired = false;
  if (end == Time::max()) {
    co_await std::move(gone);
  } else {
    Task<> expiry = clock_.sleep_until(end);
    const auto first = co_await (std::move(gone) || std::move(expiry));
    expired = first.index() == 1;
  }
  if (expired)
    stream->end_listening();
  else
    stream->leave();
  runner_.cancel_session(stream->session_id(), kTokenExpired);
}

mcp::Stateless McpStateless::request(std::optional<mcp::HeaderMap> headers, const Origin& origin) {
  return {server_, std::move(headers), {clock_.now(), clock_.wall()}, owner_of(origin)};
}

void McpStateless::changed(const mcp::Change& change) {
  for (Listener* listener : listening_) listener->tell(change);
}

void McpStateless::changed(const mcp::TaskEntry& task) {
  for (Listener* listener : listening_) listener->tell(task);
}

Task<> McpStateless::drain() {
  const std::vector<Listener*> all(listening_.begin(), listening_.end());
  for (Listener* listener : all) listener->end_listening();
  co_await watchers_.join();
}

}  // namespace exai::net
