#include "core/logs/zstd.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>

namespace exai::logs {

namespace {

constexpr int kLevel = 1;  // text that repeats itself: higher levels gain little

// Up to `size` bytes; less at the end of the file.
Result<std::string> read_at(const Fd& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count =
        ::pread(file.get(), bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(errno_error(errno, "reading a log"));
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

Result<> write_all(const Fd& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(errno_error(errno, "writing a compressed log"));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<> write_frames(const Fd& from, const Fd& to) {
  std::string packed(ZSTD_compressBound(kFrame), '\0');
  for (std::uint64_t at = 0;; at += kFrame) {
    TRY(text, read_at(from, at, kFrame));
    if (text.empty()) break;
    const std::size_t size =
        ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), kLevel);
    if (ZSTD_isError(size) != 0) return fail(Errc::unavailable, "{}", ZSTD_getErrorName(size));
    if (auto written = write_all(to, std::string_view(packed).substr(0, size)); !written)
      return written;
  }
  if (::fdatasync(to.get()) != 0) return fail(errno_error(errno, "writing a compressed log"));
  return {};
}

}  // namespace

Result<> compress_file(const Path& from, const Path& to) {
  const Path part = to.string() + ".part";
  TRY(source, open_file(from, O_RDONLY));
  TRY(target, open_file(part, O_WRONLY | O_CREAT | O_TRUNC));
  auto written = write_frames(source, target);
  if (written && ::rename(part.c_str(), to.c_str()) != 0)
    written = fail(errno_error(errno, to.string()));
  if (!written) static_cast<void>(remove_file(part).has_value());
  return written;
}

Result<> find_frames(const Fd& file, std::vector<Frame>& frames) {
  std::uint64_t offset = 0;
  std::uint64_t begin = 0;
  for (;;) {
    TRY(window, read_at(file, offset, ZSTD_compressBound(kFrame)));
    if (window.empty()) return {};
    for (std::string_view rest = window; !rest.empty();) {
      const std::size_t bytes = ZSTD_findFrameCompressedSize(rest.data(), rest.size());
      if (ZSTD_isError(bytes) != 0) {
        if (rest.size() < window.size()) break;  // the next window begins with it
        return fail(Errc::invalid, "a compressed log is damaged");
      }
      const std::uint64_t size = ZSTD_getFrameContentSize(rest.data(), rest.size());
      if (size > kFrame) return fail(Errc::invalid, "a compressed log has frames of another size");
      frames.push_back({offset, bytes, begin, static_cast<std::size_t>(size)});
      offset += bytes;
      begin += size;
      rest.remove_prefix(bytes);
    }
  }
}

Result<std::string> read_frame(const Fd& file, const Frame& frame) {
  TRY(packed, read_at(file, frame.offset, frame.bytes));
  std::string text(frame.size, '\0');
  const std::size_t size = ZSTD_decompress(text.data(), text.size(), packed.data(), packed.size());
  if (ZSTD_isError(size) != 0 || size != frame.size)
    return fail(Errc::invalid, "a compressed log is damaged");
  return text;
}

}  // namespace exai::logs
