#pragma once
// Behind http.hpp, for http.cpp alone: one request under way, seen from each of the two threads.
//
//   loop                                            island
//   HttpClient, HttpStream                          HttpClient::Island::run: one CURLM
//     HttpTransfer: what has arrived   <── post ──    HttpExchange: one easy handle
//                                      ── orders ─>   start, resume (after a pause), abandon, stop
//
// The transfer belongs to the loop and dies there, the exchange to the island.

#include <array>
#include <atomic>

#include "core/base/http.hpp"

struct curl_slist;

namespace exai {

enum class HttpMode { whole, stream };

class HttpOrders;

// The loop's side. Thread: loop, except `unread`.
struct HttpTransfer {
  HttpTransfer(Loop& loop, std::shared_ptr<HttpOrders> to_island)
      : arrival(loop.executor(), Time::max()), island(std::move(to_island)) {}

  int status = 0;  // 0: the head is not here yet
  HeaderMap headers;
  std::deque<std::string> pieces;  // of the body; the whole of it as one piece in HttpMode::whole
  std::optional<Result<>> end;
  Timer arrival;  // cancelled whenever something has arrived
  std::shared_ptr<HttpOrders> island;
  std::atomic<std::size_t> unread = 0;  // bytes given to the loop and not read by next() yet
};

inline constexpr std::size_t kUnreadLimit = 1U << 20U;  // then the transfer is paused

// The island's side. Thread: island. curl's types are void* here: its header stays in the .cpp.
class HttpExchange {
 public:
  HttpExchange(Loop& loop, std::shared_ptr<HttpTransfer> transfer, HttpMode mode,
               HttpRequest request);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  // Errors: invalid, the request cannot be sent as it is.
  Result<> prepare();
  void* easy() const { return easy_; }  // its private pointer is the HttpTransfer
  // When it is too late. While the reader is slow, the peer is not to blame.
  Time deadline() const { return paused_ ? Time::max() : deadline_; }
  Error overdue() const;
  void resume();
  // What curl's verdict (a CURLcode) means to us.
  Result<> outcome(int code) const;
  // Tells the loop. Called once, last.
  void deliver_end(Result<> end);

 private:
  struct Callbacks;

  void set_target(bool local);
  void set_method_and_body();
  void add_line(const std::string& line);
  bool take_header(std::string_view line);
  std::size_t take_body(std::string_view bytes);
  void deliver_head(int status);
  void still_alive();
  std::string why_untrusted() const;

  Loop& loop_;
  std::shared_ptr<HttpTransfer> transfer_;
  HttpMode mode_;
  HttpRequest request_;
  void* easy_;
  curl_slist* lines_ = nullptr;
  std::array<char, 256> said_{};  // by curl, of a failure: CURL_ERROR_SIZE
  std::string target_;  // "127.0.0.1:8079", for messages
  Time deadline_;
  bool paused_ = false;

  bool head_done_ = false;
  std::size_t head_bytes_ = 0;
  HeaderMap headers_;
  std::string body_;
  std::optional<Error> failure_;  // why a callback made curl stop
};

}  // namespace exai
