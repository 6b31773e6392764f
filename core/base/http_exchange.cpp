#include "core/base/http_exchange.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <utility>

#include "core/base/ascii.hpp"
#include "core/base/http_curl.hpp"
#include "core/base/text.hpp"

namespace exai {

namespace {

constexpr std::size_t kHeadLimit = 256U << 10U;

struct Target {
  std::string name;
  bool local = false;
};

std::string part_of(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  curl().url_get(url, which, &text, flags);
  const std::unique_ptr<char, decltype(Curl::free)> owner(text, curl().free);
  return text == nullptr ? "" : text;
}

bool is_loopback(std::string_view host) {
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  boost::system::error_code no_address;
  const auto address = asio::ip::make_address(host, no_address);
  return host == "localhost" || (!no_address && address.is_loopback());
}

Result<Target> target_of(const HttpRequest& request) {
  const std::unique_ptr<CURLU, decltype(Curl::url_cleanup)> url(curl().url(), curl().url_cleanup);
  const CURLUcode wrong = curl().url_set(url.get(), CURLUPART_URL, request.url.c_str(), 0);
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (wrong == CURLUE_BAD_SCHEME || wrong == CURLUE_UNSUPPORTED_SCHEME ||
      (wrong == CURLUE_OK && scheme != "http" && scheme != "https"))
    return fail(Errc::invalid, "the URL \"{}\" does not start with http:// or https://",
                printable(request.url));
  if (wrong != CURLUE_OK)
    return fail(Errc::invalid, "\"{}\" is no URL: {}", printable(request.url),
                curl().url_strerror(wrong));
  if (!request.unix_socket.empty()) return Target{request.unix_socket, true};
  const std::string host = part_of(url.get(), CURLUPART_HOST);
  const std::string port = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  return Target{host + ":" + port, is_loopback(host)};
}

// As every program that is OpenSSL's customer has it; libcurl leaves it to its callers.
const std::string& trusted_by_environment() {
  static const std::string file = value_or_empty(current_environment(), "SSL_CERT_FILE");
  return file;
}

bool breaks_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

Result<> validate(const HttpRequest& request) {
  if (request.method.empty() || !std::ranges::all_of(request.method, is_upper))
    return fail(Errc::invalid, "\"{}\" is no HTTP method", printable(request.method));
  for (const auto& [key, value] : request.headers)
    if (breaks_line(key) || breaks_line(value))
      return fail(Errc::invalid, "the header {} holds a line break", printable(key));
  return {};
}

}  // namespace

// What curl calls. Lack of memory in them ends the process: C frames cannot be unwound.
struct HttpExchange::Callbacks {
  static std::size_t header(char* bytes, std::size_t, std::size_t size, void* self) noexcept {
    return static_cast<HttpExchange*>(self)->take_header({bytes, size}) ? size : 0;
  }
  static std::size_t body(char* bytes, std::size_t, std::size_t size, void* self) noexcept {
    return static_cast<HttpExchange*>(self)->take_body({bytes, size});
  }
};

HttpExchange::HttpExchange(Loop& loop, std::shared_ptr<HttpTransfer> transfer, HttpMode mode,
                           HttpRequest request)
    : loop_(loop),
      transfer_(std::move(transfer)),
      mode_(mode),
      request_(std::move(request)),
      easy_(curl().easy_init()),
      deadline_(std::chrono::steady_clock::now() + request_.timeout) {}

HttpExchange::~HttpExchange() {
  curl().easy_cleanup(easy_);
  curl().slist_free_all(lines_);
}

Result<> HttpExchange::prepare() {
  if (Result<> valid = validate(request_); !valid) return valid;
  TRY(target, target_of(request_));
  target_ = target.name;
  set_target(target.local);
  set_method_and_body();
  const Duration patience = std::max(request_.connect_timeout, 1ms);  // 0 would mean 5 minutes
  curl().easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(patience.count()));
  curl().easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  // A name server that does not answer must not hold up the island when its transfer is given up.
  curl().easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  curl().easy_setopt(easy_, CURLOPT_USERAGENT, "exai");
  curl().easy_setopt(easy_, CURLOPT_PRIVATE, transfer_.get());
  curl().easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Callbacks::header);
  curl().easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl().easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Callbacks::body);
  curl().easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  return {};
}

void HttpExchange::set_target(bool local) {
  curl().easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  curl().easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl().easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (local) curl().easy_setopt(easy_, CURLOPT_PROXY, "");  // else http_proxy and its kin decide
  if (!request_.unix_socket.empty())
    curl().easy_setopt(easy_, CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
  curl().easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl().easy_setopt(easy_, CURLOPT_ERRORBUFFER, said_.data());
  if (request_.ca.empty()) request_.ca = trusted_by_environment();
  if (!request_.ca.empty()) curl().easy_setopt(easy_, CURLOPT_CAINFO, request_.ca.c_str());
}

void HttpExchange::set_method_and_body() {
  const std::string& method = request_.method;
  const bool may_have_body = method == "POST" || method == "PUT" || method == "PATCH";
  if (method == "HEAD") {
    curl().easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  } else if (may_have_body || !request_.body.empty()) {
    curl().easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    curl().easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request_.body.size()));
    // curl would ask first whether a body is welcome, and call every body a form.
    add_line("Expect:");
    if (!request_.headers.contains("content-type")) add_line("Content-Type:");
  }
  if (method != "GET" && method != "HEAD")
    curl().easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, method.c_str());
  for (const auto& [key, value] : request_.headers)
    add_line(value.empty() ? key + ";" : key + ": " + value);
  curl().easy_setopt(easy_, CURLOPT_HTTPHEADER, lines_);
}

void HttpExchange::add_line(const std::string& line) {
  lines_ = curl().slist_append(lines_, line.c_str());
}

void HttpExchange::still_alive() {
  if (mode_ == HttpMode::stream) deadline_ = std::chrono::steady_clock::now() + request_.timeout;
}

// The heads of 1xx answers come before the real one and are forgotten; trailers are ignored.
bool HttpExchange::take_header(std::string_view line) {
  if (head_done_) return true;
  head_bytes_ += line.size();
  if (head_bytes_ > kHeadLimit) {
    failure_ = Error(Errc::invalid, fmt::format("the head of the answer of {} is larger than {}",
                                                target_, format_size(kHeadLimit)));
    return false;
  }
  line = trim(line);
  if (line.starts_with("HTTP/")) {
    headers_.clear();
  } else if (line.empty()) {
    long status = 0;
    curl().easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200) deliver_head(static_cast<int>(status));
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    std::string& value = headers_[to_lower(trim(line.substr(0, colon)))];
    value += fmt::format("{}{}", value.empty() ? "" : ", ", trim(line.substr(colon + 1)));
  }
  return true;
}

std::size_t HttpExchange::take_body(std::string_view bytes) {
  still_alive();
  if (mode_ == HttpMode::whole) {
    if (body_.size() + bytes.size() > request_.max_body) {
      failure_ = Error(Errc::invalid, fmt::format("the answer of {} is larger than {}", target_,
                                                  format_size(request_.max_body)));
      return 0;
    }
    body_ += bytes;
    return bytes.size();
  }
  // next() asks to resume when it takes `unread` below half, after it was seen here: none is
  // missed.
  paused_ = transfer_->unread > kUnreadLimit;
  if (paused_) return CURL_WRITEFUNC_PAUSE;
  transfer_->unread += bytes.size();
  loop_.post([transfer = transfer_, piece = std::string(bytes)]() mutable {
    transfer->pieces.push_back(std::move(piece));
    transfer->arrival.cancel();
  });
  return bytes.size();
}

void HttpExchange::resume() {
  if (!std::exchange(paused_, false)) return;
  still_alive();
  curl().easy_pause(easy_, CURLPAUSE_CONT);  // gives what it held back, perhaps pausing again
}

void HttpExchange::deliver_head(int status) {
  head_done_ = true;
  still_alive();
  loop_.post([transfer = transfer_, status, headers = std::move(headers_)]() mutable {
    transfer->status = status;
    transfer->headers = std::move(headers);
    transfer->arrival.cancel();
  });
}

void HttpExchange::deliver_end(Result<> end) {
  loop_.post(
      [transfer = std::move(transfer_), body = std::move(body_), end = std::move(end)]() mutable {
        if (!body.empty()) transfer->pieces.push_back(std::move(body));
        if (!transfer->end) transfer->end = std::move(end);
        transfer->arrival.cancel();
      });
}

Error HttpExchange::overdue() const {
  const std::string limit = format_duration(request_.timeout);
  if (mode_ == HttpMode::stream && head_done_)
    return {Errc::timeout, fmt::format("{} has been silent for {}", target_, limit)};
  return {Errc::timeout, fmt::format("no answer from {} within {}", target_, limit)};
}

// "SSL certificate problem: self-signed certificate" and the like, without what is said already.
std::string HttpExchange::why_untrusted() const {
  std::string_view why = said_.data();
  for (const std::string_view known : {"SSL certificate problem: ", "SSL: "})
    if (why.starts_with(known)) why.remove_prefix(known.size());
  return printable(why);
}

Result<> HttpExchange::outcome(int code) const {
  if (failure_) return fail(*failure_);
  const std::string_view said = curl().easy_strerror(static_cast<CURLcode>(code));
  long reason = 0;
  curl().easy_getinfo(easy_, CURLINFO_OS_ERRNO, &reason);
  switch (code) {
    case CURLE_OK:
      return {};
    case CURLE_COULDNT_CONNECT:
      if (reason == ECONNREFUSED)
        return fail(Errc::unavailable, "connection refused by {}", target_);
      if (reason == 0) return fail(Errc::unavailable, "connecting to {}: {}", target_, said);
      return fail(Errc::unavailable, "{}",
                  errno_error(static_cast<int>(reason), "connecting to " + target_).message());
    case CURLE_OPERATION_TIMEDOUT:  // it knows of no other limit
      return fail(Errc::timeout, "no connection to {} within {}", target_,
                  format_duration(request_.connect_timeout));
    case CURLE_COULDNT_RESOLVE_HOST:
      return fail(Errc::unavailable, "the host of {} is unknown", target_);
    case CURLE_GOT_NOTHING:
      return fail(Errc::unavailable, "{} closed the connection without an answer", target_);
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return fail(Errc::unavailable, "the connection to {} broke: {}", target_, said);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return fail(Errc::unavailable, "{} does not speak HTTP", target_);
    case CURLE_SSL_CACERT_BADFILE:
      return fail(Errc::invalid, "no certificates can be read from {}", request_.ca);
    case CURLE_PEER_FAILED_VERIFICATION:
      return fail(Errc::denied, "the certificate of {} is not to be trusted: {}", target_,
                  why_untrusted());
    case CURLE_SSL_CONNECT_ERROR:
      return fail(Errc::unavailable, "no TLS with {}: {}", target_, said_.data());
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
      return fail(Errc::internal, "asking {}: {}", target_, said);
    default:
      return fail(Errc::unavailable, "asking {}: {}", target_, said);
  }
}

}  // namespace exai
