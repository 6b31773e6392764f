#include "core/config/text_index.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kBlock = 64;  // bytes; what is looked through for each place

bool begins_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
}

}  // namespace

TextIndex::TextIndex(std::string_view text) {
  lines_.push_back(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1))
    lines_.push_back(at + 1);
  if (is_ascii(text)) return;
  std::size_t before = 0;
  for (std::size_t at = 0; at <= text.size(); at += kBlock) {
    before_.push_back(static_cast<std::uint32_t>(before));
    before += code_points(text.substr(at, kBlock));
  }
}

std::size_t TextIndex::code_points_before(std::string_view text, std::size_t offset) const {
  if (before_.empty()) return offset;
  const std::size_t block = offset / kBlock;
  return before_[block] + code_points(text.substr(block * kBlock, offset % kBlock));
}

std::size_t TextIndex::offset_of_code_point(std::string_view text, std::size_t count) const {
  if (before_.empty()) return std::min(count, text.size());
  // The first block has none before it, so one is found; the code point begins in it or nowhere.
  const auto next = std::upper_bound(before_.begin(), before_.end(), count);
  const auto block = static_cast<std::size_t>(next - before_.begin()) - 1;
  std::size_t seen = before_[block];
  for (std::size_t at = block * kBlock; at < text.size(); ++at)
    if (begins_code_point(text[at]) && seen++ == count) return at;
  return text.size();
}

const TextIndex& CachedTextIndex::of(std::string_view text) const {
  const bool is_same = text.data() == text_.data() && text.size() == text_.size();
  if (made_ == nullptr || !is_same) made_ = std::make_shared<const TextIndex>(text);
  text_ = text;
  return *made_;
}

}  // namespace exai::config
