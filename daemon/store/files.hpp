#pragma once
// Files that clients give to the daemon, to be sent to a model now or later. One interface and one
// backend, a folder of this machine.
//
// A file is its owner's: to all others there is no such file. One without an owner is everybody's:
// of clients who have no name (net/gate.hpp: all who show the token), and of earlier versions.
//
// A file's id is made of its content: the first 32 hex digits of its SHA-256, or, of one that has
// an owner, of the SHA-256 of both. The same content given twice by one client is one file; given
// by two it is two, so neither learns of the other's. An id can name nothing but a file of the
// store.
//
//   <folder>/<id>.data    the content; written first
//   <folder>/<id>.json    what is known of it; written last. Without it the file is not there
//   <folder>/*.tmp        half a file, of a daemon that died; so is data without its json
//
// Each of them is written beside its place, synced and renamed: after kill -9 a file is whole or
// not there, and what it left is swept away an hour later (until then it may be another replica's).
// Nothing is kept in memory, so replicas may share a folder; each may then go over `most_bytes` by
// one file.
//
// Bounds: FileLimits, and 2000 files. Files that have expired make room; others never do: when the
// store is full, the next one is refused. Errors: not_found (no such file, or expired), invalid
// (name, too large), unavailable (full), denied, internal.
//
// Thread: loop; the disk is read and written on an island. Lifetime: island and clock outlive it.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/loop.hpp"

namespace exai::store {

struct FileInfo {
  std::string id;
  std::string name;  // a plain one: no slash, nothing unprintable
  std::string type;  // "text/plain", "image/png", "application/pdf", "application/octet-stream", …
  std::uint64_t size = 0;
  std::string sha256;
  std::string owner;  // empty: everybody's
  WallTime created{};
  WallTime expires{};
  // Where it was sent: "kimi https://api.moonshot.ai/v1" → the id that it has there.
  std::map<std::string, std::string> uploads;

  friend bool operator==(const FileInfo&, const FileInfo&) = default;
};

struct FileLimits {
  std::uint64_t most_bytes_each = 100U << 20U;
  std::uint64_t most_bytes = 1U << 30U;
  Duration keep = 30 * 24h;
};

// A file that comes in: its bytes, or where to read them from.
struct Incoming {
  std::string name;
  std::variant<std::string, std::shared_ptr<Fd>> content;
  Duration keep{};    // 0: as the limits say; never longer than that
  std::string owner;  // empty: everybody's
};

// A file as somebody asks for it; `caller` is empty for those who have no name.
struct FileRef {
  std::string id;
  std::string caller;
};

struct Added {
  FileInfo info;
  bool known = false;  // its content was there already; it is kept from now on
};

class FileStore {
 public:
  static constexpr std::size_t kMostFiles = 2000;

  virtual ~FileStore() = default;
  virtual Task<Result<Added>> add(Incoming incoming) = 0;
  virtual Task<Result<FileInfo>> find(FileRef file) = 0;
  // Those that the caller may see, the newest first.
  virtual Task<Result<std::vector<FileInfo>>> list(std::string caller) = 0;
  // At most `most` bytes from `offset` on; none behind the end.
  virtual Task<Result<std::string>> read(FileRef file, std::uint64_t offset, std::size_t most) = 0;
  // Under which id a provider has it; empty: it has not any more.
  virtual Task<Result<>> set_upload(FileRef file, std::string provider, std::string at_it) = 0;
  virtual Task<Result<>> remove(FileRef file) = 0;
  // A copy under `name` in a folder. What is there already stays: conflict.
  virtual Task<Result<>> copy_to(FileRef file, Path folder, std::string name) = 0;
};

std::unique_ptr<FileStore> make_local_files(Island& island, Clock& clock, Path folder,
                                            FileLimits limits);

// Pure.
bool is_file_id(std::string_view text);
std::string file_id(std::string_view owner, std::string_view sha256);
bool may_see(std::string_view caller, const FileInfo& info);
// What is wrong with a file's name; empty: nothing.
std::string wrong_with_name(std::string_view name);
// By its first bytes.
std::string_view type_of(std::string_view head);
std::string text_of(const FileInfo& info);  // what <id>.json says
Result<FileInfo> parse_file_info(std::string_view text);

}  // namespace exai::store
