#include "core/logs/parts.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::logs {

namespace {

constexpr std::string_view kPacked = ".zst";
constexpr std::size_t kLongestIndex = 1U << 30U;

// "000017" or "000017.zst", what follows "web.log.".
std::optional<Part> parse_part(const Path& log, std::string_view rest) {
  Part part;
  part.log = log;
  part.compressed = rest.ends_with(kPacked);
  if (part.compressed) rest.remove_suffix(kPacked.size());
  if (rest.size() < 6 || rest.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  const auto number = parse_integer(rest);
  if (!number) return std::nullopt;
  part.number = static_cast<std::uint64_t>(*number);
  return part;
}

struct stat status_of(const Fd& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) status = {};
  return status;
}

}  // namespace

Path Part::text() const {
  if (number == kCurrent) return log;
  return fmt::format("{}.{:06}{}", log.string(), number, compressed ? kPacked : "");
}

Path Part::index() const {
  Part plain = *this;
  plain.compressed = false;
  return index_of(plain.text());
}

Path index_of(const Path& text) {
  return text.string() + ".idx";
}

std::vector<Part> parts_of(const Path& log) {
  std::vector<Part> parts;
  const std::string prefix = log.filename().string() + ".";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(log.parent_path(), error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    if (auto part = parse_part(log, std::string_view(name).substr(prefix.size())))
      parts.push_back(std::move(*part));
  }
  // Both are there when the one has just been compressed: then they are the same.
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.number != b.number ? a.number < b.number : a.compressed < b.compressed;
  });
  const auto same = [](const Part& a, const Part& b) { return a.number == b.number; };
  parts.erase(std::unique(parts.begin(), parts.end(), same), parts.end());
  if (std::filesystem::exists(log, error)) parts.push_back({log});
  return parts;
}

Result<PartReader> PartReader::open(Part part) {
  auto file = open_file(part.text(), O_RDONLY);
  if (!file && part.number != kCurrent) {  // compressed since it was listed
    part.compressed = !part.compressed;
    file = open_file(part.text(), O_RDONLY);
  }
  if (!file) return fail(std::move(file).error());
  PartReader reader(std::move(part), std::move(*file));
  // Of a damaged one what comes before the damage is read.
  if (reader.part_.compressed)
    static_cast<void>(find_frames(reader.file_, reader.frames_).has_value());
  return reader;
}

std::uint64_t PartReader::size() const {
  if (!part_.compressed) return static_cast<std::uint64_t>(status_of(file_).st_size);
  return frames_.empty() ? 0 : frames_.back().begin + frames_.back().size;
}

std::uint64_t PartReader::inode() const {
  return status_of(file_).st_ino;
}

std::string PartReader::read(std::uint64_t offset, std::size_t size) {
  return part_.compressed ? read_packed(offset, size) : read_plain(offset, size);
}

std::string PartReader::read_plain(std::uint64_t offset, std::size_t size) const {
  const std::uint64_t end = this->size();
  if (offset >= end) return {};
  std::string bytes(std::min<std::uint64_t>(size, end - offset), '\0');
  const ssize_t count =
      ::pread(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

std::string PartReader::read_packed(std::uint64_t offset, std::size_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    const std::uint64_t at = offset + bytes.size();
    const auto after = std::upper_bound(
        frames_.begin(), frames_.end(), at,
        [](std::uint64_t wanted, const Frame& frame) { return wanted < frame.begin; });
    if (after == frames_.begin()) break;
    const Frame& frame = *(after - 1);
    if (at >= frame.begin + frame.size) break;
    if (frame_.empty() || frame_begin_ != frame.begin) {
      auto text = read_frame(file_, frame);
      if (!text) break;
      frame_ = std::move(*text);
      frame_begin_ = frame.begin;
    }
    bytes += frame_.substr(at - frame.begin, size - bytes.size());
  }
  return bytes;
}

std::vector<Mark> PartReader::marks() const {
  return parse_index(read_file(part_.index(), kLongestIndex).value_or(""), size());
}

}  // namespace exai::logs
