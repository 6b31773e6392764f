#include <utility>

#include "core/base/http.hpp"

namespace exai {

Result<> SseParser::feed(std::string_view bytes) {
  while (!bytes.empty() && !failed_) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = bytes.find_first_of("\r\n");
    const std::string_view part = bytes.substr(0, end);
    failed_ = line_.size() + pending_.data.size() + part.size() > limit_;
    if (failed_) break;
    line_ += part;
    bytes.remove_prefix(part.size());
    if (end == std::string_view::npos) break;
    after_cr_ = bytes.front() == '\r';
    bytes.remove_prefix(1);
    take_line(std::exchange(line_, {}));
  }
  if (failed_) return fail(Errc::invalid, "a server-sent event is larger than {} bytes", limit_);
  return {};
}

// "data: text", "data:text", "data" (an empty value), ": a comment", or the empty line that ends
// it.
void SseParser::take_line(std::string_view line) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark))
    line.remove_prefix(kByteOrderMark.size());
  if (line.empty()) return end_of_event();

  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);

  if (field == "data") {
    if (std::exchange(has_data_, true)) pending_.data += '\n';
    pending_.data += value;
  } else if (field == "event") {
    pending_.event = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    pending_.id = value;
  }
}

// An event without a data line is none; its id still counts for those that follow.
void SseParser::end_of_event() {
  if (std::exchange(has_data_, false)) ready_.push_back(pending_);
  pending_.event.clear();
  pending_.data.clear();
}

std::optional<SseEvent> SseParser::next() {
  if (ready_.empty()) return std::nullopt;
  SseEvent event = std::move(ready_.front());
  ready_.pop_front();
  return event;
}

}  // namespace exai
