#include "daemon/net/http_message.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/status.hpp>
#include <optional>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"

namespace exai::net {

namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t kUsualHeaders = 12;
constexpr std::size_t kFirstBodyReserve = 64U
                                          << 10U;  // the rest as it arrives: a length is a claim

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

// "http://host/path?query" and "/path?query" → "/path?query"
std::string_view origin_form(std::string_view target) {
  if (!target.starts_with("http://") && !target.starts_with("https://")) return target;
  const std::size_t slash = target.find('/', target.find("//") + 2);
  return slash == std::string_view::npos ? "/" : target.substr(slash);
}

int status_of(beast::error_code error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit) return 431;
  if (error == http::error::bad_version) return 505;
  return 400;
}

// Fills a Request straight from Beast's parser: no tree of fields in between.
class Parser final : public http::basic_parser<true> {
 public:
  Parser() { request.headers.reserve(kUsualHeaders); }

  Request request;
  bool is_head = false;
  bool can_chunk = false;

 private:
  void on_request_impl(http::verb, beast::string_view method, beast::string_view target,
                       int version, beast::error_code& error) override {
    is_head = view(method) == "HEAD";
    can_chunk = version >= 11;
    request.method = is_head ? "GET" : std::string(view(method));
    const std::string_view origin = origin_form(view(target));
    const std::size_t question = origin.find('?');
    auto path = percent_decoded(origin.substr(0, question));
    if (!path) {
      error = http::error::bad_target;
      return;
    }
    request.path = *std::move(path);
    if (question != std::string_view::npos) request.query = origin.substr(question + 1);
  }

  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}

  void on_field_impl(http::field field, beast::string_view name, beast::string_view value,
                     beast::error_code& error) override {
    std::string& known = request.headers[to_lower(view(name))];
    if (known.empty()) {
      known = view(value);
    } else if (field == http::field::host) {
      error = http::error::bad_field;
    } else {
      known.append(", ").append(view(value));
    }
  }

  void on_header_impl(beast::error_code& error) override {
    if (can_chunk && !request.headers.contains("host")) error = http::error::bad_field;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                         beast::error_code&) override {
    const std::uint64_t announced = length.value_or(0);
    request.body.reserve(std::min<std::uint64_t>(announced, kFirstBodyReserve));
  }

  std::size_t on_body_impl(beast::string_view bytes, beast::error_code&) override {
    request.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}

  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes,
                                 beast::error_code&) override {
    request.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_finish_impl(beast::error_code&) override {}
};

}  // namespace

struct RequestReader::State {
  std::size_t max_body;
  std::optional<Parser> parser;
};

RequestReader::RequestReader(std::size_t max_body)
    : state_(std::make_unique<State>(State{max_body, std::nullopt})) {
  next();
}

RequestReader::~RequestReader() = default;

void RequestReader::next() {
  Parser& parser = state_->parser.emplace();
  parser.eager(true);
  parser.header_limit(kHeadLimit);
  parser.body_limit(state_->max_body);
}

tl::expected<std::size_t, int> RequestReader::feed(std::string_view bytes) {
  beast::error_code error;
  const std::size_t taken =
      state_->parser->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != http::error::need_more) return tl::unexpected(status_of(error));
  return taken;
}

bool RequestReader::has_head() const {
  return state_->parser->is_header_done();
}
bool RequestReader::is_complete() const {
  return state_->parser->is_done();
}
bool RequestReader::keeps_alive() const {
  return state_->parser->keep_alive();
}
bool RequestReader::is_head() const {
  return state_->parser->is_head;
}
bool RequestReader::can_chunk() const {
  return state_->parser->can_chunk;
}
Request& RequestReader::request() {
  return state_->parser->request;
}

bool RequestReader::is_websocket_upgrade() const {
  if (!state_->parser->upgrade()) return false;
  return to_lower(header(state_->parser->request.headers, "upgrade")) == "websocket";
}

bool RequestReader::expects_continue() const {
  const auto expected = header(state_->parser->request.headers, "expect");
  return can_chunk() && to_lower(expected) == "100-continue";
}

std::string_view DateText::at(WallTime now) {
  using namespace std::chrono;
  const auto second = floor<seconds>(now);
  if (second == second_ && !text_.empty()) return text_;
  constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto day = floor<days>(second);
  const year_month_day date(day);
  const hh_mm_ss time(second - day);
  second_ = second;
  text_ = fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                      kDays.substr(3 * weekday(day).c_encoding(), 3), unsigned{date.day()},
                      kMonths.substr(3 * (unsigned{date.month()} - 1), 3), int{date.year()},
                      time.hours().count(), time.minutes().count(), time.seconds().count());
  return text_;
}

std::string head_text(const Response& response, Framing framing, Persistence persistence,
                      std::string_view date) {
  std::string out;
  out.reserve(512);  // a small body is appended
  out += "HTTP/1.1 ";
  out += std::to_string(response.status);
  out += ' ';
  out += view(http::obsolete_reason(static_cast<http::status>(response.status)));
  out.append("\r\ndate: ").append(date);
  for (const auto& [name, value] : response.headers)
    out.append("\r\n").append(name).append(": ").append(value);
  const bool bodiless = response.status == 204 || response.status == 304;
  if (framing == Framing::chunked) {
    out += "\r\ntransfer-encoding: chunked";
  } else if (!bodiless) {
    out += "\r\ncontent-length: ";
    out += std::to_string(response.body.size());
  }
  // Said both ways, so that HTTP/1.0 clients understand it too.
  out += persistence == Persistence::close ? "\r\nconnection: close\r\n\r\n"
                                           : "\r\nconnection: keep-alive\r\n\r\n";
  return out;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace exai::net
