#pragma once
// Parts of logs, compressed: a file of Zstandard frames of 1 MiB of text each, so that a reader may
// begin anywhere; zstdcat and zstdgrep read it as they read any other. Thread: any. These calls
// read and write whole files: not for the loop.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/os.hpp"

namespace exai::logs {

inline constexpr std::size_t kFrame = 1U << 20U;

// `to` is there whole or not at all. Errors: those of the file system.
Result<> compress_file(const Path& from, const Path& to);

// Where the frames of a compressed file are.
struct Frame {
  std::uint64_t offset = 0;  // in the file
  std::size_t bytes = 0;
  std::uint64_t begin = 0;  // of its text
  std::size_t size = 0;
};
// Errors: invalid, when it is no such file; `frames` then has what comes before the damage.
Result<> find_frames(const Fd& file, std::vector<Frame>& frames);
Result<std::string> read_frame(const Fd& file, const Frame& frame);

}  // namespace exai::logs
