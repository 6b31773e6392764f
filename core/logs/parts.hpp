#pragma once
// The files of one service's log, as they are on disk:
//
//   <logs>/web.log                what web printed last: plain text, as printed
//   <logs>/web.log.idx            its index (index.hpp)
//   <logs>/web.log.000017[.zst]   an earlier part, perhaps compressed; the higher the later
//   <logs>/web.log.000017.idx
//
// A part keeps its number: rotation renames one file, whatever others there are, so a reader knows
// which parts follow the one it has read. They may go away or be compressed at any time: a part
// that has been opened stays readable, one that is gone by then is an error, not_found. Thread:
// any.

#include <string>
#include <vector>

#include "core/base/os.hpp"
#include "core/logs/index.hpp"
#include "core/logs/zstd.hpp"

namespace exai::logs {

inline constexpr std::uint64_t kCurrent = ~std::uint64_t{0};

struct Part {
  Path log;                         // <logs>/web.log
  std::uint64_t number = kCurrent;  // of the current part: the highest there is
  bool compressed = false;

  Path text() const;
  Path index() const;
};

Path index_of(const Path& text);  // of a plain part

// Oldest first; the current one last, if it is there.
std::vector<Part> parts_of(const Path& log);

// A part that is read from anywhere. The current one grows while it is read.
class PartReader final {
 public:
  static Result<PartReader> open(Part part);

  const Part& part() const { return part_; }
  std::uint64_t size() const;   // of the text
  std::uint64_t inode() const;  // of a plain part
  // At most `size` bytes, fewer where the text ends or cannot be read.
  std::string read(std::uint64_t offset, std::size_t size);
  // Read anew by each call.
  std::vector<Mark> marks() const;

 private:
  PartReader(Part part, Fd file) : part_(std::move(part)), file_(std::move(file)) {}
  std::string read_plain(std::uint64_t offset, std::size_t size) const;
  std::string read_packed(std::uint64_t offset, std::size_t size);

  Part part_;
  Fd file_;
  std::vector<Frame> frames_;
  std::uint64_t frame_begin_ = 0;  // of the frame that was read last
  std::string frame_;
};

}  // namespace exai::logs
