#include "core/base/http.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/base/http_curl.hpp"
#include "core/base/http_exchange.hpp"
#include "core/base/threads.hpp"

namespace exai {

namespace {

enum class Demand { start, resume, abandon, stop };

// A transfer is named by its address: it lives at least until the order about it is given, and
// orders are carried out in turn, so an address used again is not taken for the old one.
struct Order {
  Demand demand = Demand::stop;
  const HttpTransfer* subject = nullptr;
  std::unique_ptr<HttpExchange> exchange = nullptr;  // of start
};

}  // namespace

// The island's letter box. Thread: any. After close() what is put in is dropped, so a stream may
// outlive its client.
class HttpOrders {
 public:
  explicit HttpOrders(CURLM* multi) : multi_(multi) {}

  void put(Order order) {
    const std::lock_guard lock(mutex_);
    if (multi_ == nullptr) return;
    orders_.push_back(std::move(order));
    curl().multi_wakeup(multi_);
  }
  std::vector<Order> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(orders_, {});
  }
  void close() {
    const std::lock_guard lock(mutex_);
    multi_ = nullptr;
    orders_.clear();
  }

 private:
  std::mutex mutex_;
  CURLM* multi_;
  std::vector<Order> orders_;
};

// --- the island ---

struct HttpClient::Island {
  explicit Island(Loop& owner);
  ~Island();

  std::shared_ptr<HttpTransfer> start(HttpRequest request, HttpMode mode);

  // Thread: the island's own, all of these.
  void run() noexcept;
  bool carry_out_orders();  // false: stop
  void begin(const HttpTransfer* transfer, std::unique_ptr<HttpExchange> exchange);
  void end(const HttpTransfer* transfer, Result<> how);
  void read_results();
  void end_overdue();
  int patience() const;  // milliseconds until the next deadline

  Loop& loop;
  CURLM* multi;
  std::shared_ptr<HttpOrders> orders;
  std::map<const HttpTransfer*, std::unique_ptr<HttpExchange>> exchanges;
  std::thread thread;
};

HttpClient::Island::Island(Loop& owner) : loop(owner) {
  multi = curl().multi_init();
  orders = std::make_shared<HttpOrders>(multi);
  // The resolver threads that curl starts from it block the signals, too.
  thread = start_thread("exai-http", [this] { run(); });
}

HttpClient::Island::~Island() {
  orders->put(Order{});
  thread.join();
  orders->close();
  curl().multi_cleanup(multi);
}

std::shared_ptr<HttpTransfer> HttpClient::Island::start(HttpRequest request, HttpMode mode) {
  auto transfer = std::make_shared<HttpTransfer>(loop, orders);
  auto exchange = std::make_unique<HttpExchange>(loop, transfer, mode, std::move(request));
  orders->put(Order{Demand::start, transfer.get(), std::move(exchange)});
  return transfer;
}

// Lack of memory in here ends the process, as anywhere without somebody to tell.
void HttpClient::Island::run() noexcept {
  while (carry_out_orders()) {
    int running = 0;
    curl().multi_perform(multi, &running);
    read_results();
    end_overdue();
    curl().multi_poll(multi, nullptr, 0, patience(), nullptr);
  }
  while (!exchanges.empty())
    end(exchanges.begin()->first, fail(Errc::cancelled, "the HTTP client was closed"));
}

bool HttpClient::Island::carry_out_orders() {
  for (Order& order : orders->take()) {
    if (order.demand == Demand::stop) return false;
    if (order.demand == Demand::start) {
      begin(order.subject, std::move(order.exchange));
      continue;
    }
    const auto found = exchanges.find(order.subject);
    if (found == exchanges.end()) continue;  // it has ended meanwhile
    if (order.demand == Demand::resume) found->second->resume();
    if (order.demand == Demand::abandon) end(found->first, fail(Errc::cancelled, "given up"));
  }
  return true;
}

void HttpClient::Island::begin(const HttpTransfer* transfer,
                               std::unique_ptr<HttpExchange> exchange) {
  Result<> ready = exchange->prepare();
  if (!ready) return exchange->deliver_end(std::move(ready));
  curl().multi_add_handle(multi, exchange->easy());
  exchanges.emplace(transfer, std::move(exchange));
}

void HttpClient::Island::end(const HttpTransfer* transfer, Result<> how) {
  const auto entry = exchanges.extract(transfer);
  curl().multi_remove_handle(multi, entry.mapped()->easy());
  entry.mapped()->deliver_end(std::move(how));
}

void HttpClient::Island::read_results() {
  int left = 0;
  while (const CURLMsg* message = curl().multi_info_read(multi, &left)) {
    const CURLcode code = message->data.result;  // the message goes with its handle
    HttpTransfer* transfer = nullptr;
    curl().easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    end(transfer, exchanges.at(transfer)->outcome(code));
  }
}

void HttpClient::Island::end_overdue() {
  const Time now = std::chrono::steady_clock::now();
  const auto is_overdue = [&](const auto& entry) { return entry.second->deadline() <= now; };
  auto late = std::ranges::find_if(exchanges, is_overdue);
  while (late != exchanges.end()) {
    end(late->first, fail(late->second->overdue()));
    late = std::ranges::find_if(exchanges, is_overdue);
  }
}

int HttpClient::Island::patience() const {
  const Time now = std::chrono::steady_clock::now();
  Time next = now + 1h;  // an order wakes it before
  for (const auto& [transfer, exchange] : exchanges) next = std::min(next, exchange->deadline());
  return static_cast<int>(std::max(std::chrono::ceil<Duration>(next - now), 0ms).count());
}

// --- the loop's side ---

namespace {

void abandon(HttpTransfer& transfer) {
  if (transfer.end) return;
  transfer.end = fail(Errc::cancelled, "the transfer was given up");
  transfer.arrival.cancel();
  transfer.island->put(Order{Demand::abandon, &transfer});
}

// Resumes when something has arrived. A waiter that is cancelled gives the transfer up: its end is
// then `cancelled`.
Task<> wait_arrival(std::shared_ptr<HttpTransfer> transfer) {
  co_await transfer->arrival.async_wait(kAsTuple);
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) abandon(*transfer);
}

}  // namespace

HttpStream::HttpStream(std::shared_ptr<HttpTransfer> transfer) : transfer_(std::move(transfer)) {}
HttpStream::HttpStream(HttpStream&&) noexcept = default;

HttpStream& HttpStream::operator=(HttpStream&& other) noexcept {
  HttpStream taken(std::move(other));
  std::swap(transfer_, taken.transfer_);
  return *this;
}

HttpStream::~HttpStream() {
  try {
    if (transfer_) abandon(*transfer_);
  } catch (const std::exception&) {
    // No memory to say so: the transfer ends by its own timeout.
  }
}

int HttpStream::status() const {
  return transfer_->status;
}
const HeaderMap& HttpStream::headers() const {
  return transfer_->headers;
}

Task<Result<std::optional<std::string>>> HttpStream::next() {
  const auto transfer = transfer_;  // the stream may be gone when this resumes
  while (transfer->pieces.empty() && !transfer->end) co_await wait_arrival(transfer);
  if (transfer->pieces.empty()) {
    if (!*transfer->end) co_return fail(transfer->end->error());
    co_return std::nullopt;
  }
  std::optional<std::string> piece = std::move(transfer->pieces.front());
  transfer->pieces.pop_front();
  const std::size_t before = transfer->unread.fetch_sub(piece->size());
  if (before > kUnreadLimit / 2 && before - piece->size() <= kUnreadLimit / 2)
    transfer->island->put(Order{Demand::resume, transfer.get()});
  co_return piece;
}

HttpClient::HttpClient(Loop& loop) : loop_(loop) {}

HttpClient::Island& HttpClient::island() {
  if (!island_) island_ = std::make_unique<Island>(loop_);
  return *island_;
}
HttpClient::~HttpClient() = default;

Task<Result<HttpResponse>> HttpClient::send(HttpRequest request) {
  const auto transfer = island().start(std::move(request), HttpMode::whole);
  const HttpStream owner(transfer);  // however this ends, the transfer ends with it
  while (!transfer->end) co_await wait_arrival(transfer);
  if (!*transfer->end) co_return fail(transfer->end->error());
  HttpResponse response;
  response.status = transfer->status;
  response.headers = std::move(transfer->headers);
  if (!transfer->pieces.empty()) response.body = std::move(transfer->pieces.front());
  co_return response;
}

Task<Result<HttpStream>> HttpClient::open(HttpRequest request) {
  const auto transfer = island().start(std::move(request), HttpMode::stream);
  HttpStream stream(transfer);
  while (transfer->status == 0 && !transfer->end) co_await wait_arrival(transfer);
  if (transfer->status == 0) co_return fail(transfer->end->error());
  co_return stream;
}

}  // namespace exai
