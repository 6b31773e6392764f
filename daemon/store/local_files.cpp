// The file store in a folder of this machine. Folder blocks, and lives on the island; LocalFiles is
// its door on the loop. The order of files.hpp (content first, then what is known of it; removed
// the other way round) is what makes a crash harmless.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>

#include "core/base/os.hpp"
#include "core/base/text.hpp"
#include "daemon/store/files.hpp"
#include "daemon/store/sha256.hpp"

namespace exai::store {
namespace {

constexpr Duration kLeftBehind = 1h;  // half a file of this age has no writer any more
constexpr std::size_t kHead = 4096;   // what a file's type is told from
constexpr std::size_t kMostInfo = 64U << 10U;

using Files = std::vector<FileInfo>;
using Piece = std::function<Result<>(std::string_view)>;

// A temporary file, gone unless it is put in its place.
class Draft {
 public:
  static Result<Draft> open(const Path& folder) {
    Path path = folder / (random_hex(8) + ".tmp");
    TRY(fd, open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    return Draft(std::move(path), std::move(fd));
  }
  Draft(Draft&& other) noexcept
      : path_(std::exchange(other.path_, Path())), fd_(std::move(other.fd_)) {}
  Draft& operator=(Draft&&) = delete;
  ~Draft() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  Result<> write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0) return fail(os_error("writing", path_));
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }
  Result<> sync() {
    if (::fsync(fd_.get()) != 0) return fail(os_error("syncing", path_));
    return {};
  }
  // In place of what is there.
  Result<> put_at(const Path& place) {
    if (::rename(path_.c_str(), place.c_str()) != 0) return fail(os_error("replacing", place));
    path_.clear();
    return {};
  }
  // Only where nothing is.
  Result<> put_where_nothing_is(const Path& place) {
    if (::link(path_.c_str(), place.c_str()) != 0) return fail(os_error("creating", place));
    return {};
  }

 private:
  Draft(Path path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Path path_;
  Fd fd_;
};

Result<> read_all(const Fd& from, const Piece& take) {
  std::array<char, 65536> bytes;  // NOLINT: filled by read
  for (;;) {
    const ssize_t count = ::read(from.get(), bytes.data(), bytes.size());
    if (count < 0) return fail(os_error("reading", "the file"));
    if (count == 0) return {};
    if (auto taken = take({bytes.data(), static_cast<std::size_t>(count)}); !taken) return taken;
  }
}

class Folder {
 public:
  Folder(Path path, FileLimits limits) : path_(std::move(path)), limits_(limits) {}

  Result<Added> add(const Incoming& incoming, WallTime now) {
    if (const std::string wrong = wrong_with_name(incoming.name); !wrong.empty())
      return fail(Errc::invalid, "\"{}\" is no name of a file: {}", printable(incoming.name),
                  wrong);
    if (auto made = make_private_directory(path_); !made) return fail(made.error());
    TRY(files, swept(now));
    TRY(draft, Draft::open(path_));
    TRY(info, receive(incoming, draft));
    info.name = incoming.name;
    info.created = now;
    const Duration keep =
        incoming.keep > 0ms ? std::min(incoming.keep, limits_.keep) : limits_.keep;
    info.expires = now + keep;
    const auto known = std::ranges::find(files, info.id, &FileInfo::id);
    if (known != files.end()) {
      info.uploads = known->uploads;
      info.created = known->created;
      info.expires = std::max(info.expires, known->expires);
    } else {
      if (auto room = room_for(info, files); !room) return fail(room.error());
      if (auto stored = draft.sync().and_then([&] { return draft.put_at(data(info.id)); }); !stored)
        return fail(stored.error());
    }
    if (auto told = write_file_atomic(json_of(info.id), text_of(info), 0600); !told)
      return fail(told.error());
    return Added{std::move(info), known != files.end()};
  }

  Result<FileInfo> find(const FileRef& file, WallTime now) {
    const std::string& id = file.id;
    if (!is_file_id(id))
      return fail(Errc::not_found, "\"{}\" is no id of a file", printable(id.substr(0, 64)));
    auto text = read_file(json_of(id), kMostInfo);
    if (!text && text.error().code() != Errc::not_found) return fail(text.error());
    if (text) {
      TRY(info, parse_file_info(*text));
      if (info.expires > now && may_see(file.caller, info)) return info;
    }
    return fail(Errc::not_found, "there is no file {}: it has expired, or never was", id);
  }

  Result<Files> list(const std::string& caller, WallTime now) {
    TRY(files, swept(now));
    std::erase_if(files, [&](const FileInfo& file) { return !may_see(caller, file); });
    std::ranges::sort(files, [](const FileInfo& a, const FileInfo& b) {
      return a.created != b.created ? a.created > b.created : a.id < b.id;
    });
    return files;
  }

  Result<std::string> read(const FileRef& file, std::uint64_t offset, std::size_t most,
                           WallTime now) {
    TRY(info, find(file, now));
    TRY(fd, open_file(data(file.id), O_RDONLY | O_NOFOLLOW));
    if (offset >= info.size) return std::string();
    std::string bytes(std::min<std::uint64_t>(most, info.size - offset), '\0');
    std::size_t got = 0;
    while (got < bytes.size()) {
      const ssize_t count =
          ::pread(fd.get(), &bytes[got], bytes.size() - got, static_cast<off_t>(offset + got));
      if (count < 0) return fail(os_error("reading", data(file.id)));
      if (count == 0) break;
      got += static_cast<std::size_t>(count);
    }
    bytes.resize(got);
    return bytes;
  }

  Result<> set_upload(const FileRef& file, const std::string& provider, const std::string& at_it,
                      WallTime now) {
    TRY(info, find(file, now));
    info.uploads.erase(provider);
    if (!at_it.empty()) info.uploads[provider] = at_it;
    return write_file_atomic(json_of(file.id), text_of(info), 0600);
  }

  Result<> remove(const FileRef& file, WallTime now) {
    if (auto found = find(file, now); !found) return fail(found.error());
    return erase(file.id);
  }

  Result<> copy_to(const FileRef& file, const Path& folder, const std::string& name, WallTime now) {
    if (const std::string wrong = wrong_with_name(name); !wrong.empty())
      return fail(Errc::invalid, "\"{}\" is no name of a file: {}", printable(name), wrong);
    if (auto found = find(file, now); !found) return fail(found.error());
    TRY(from, open_file(data(file.id), O_RDONLY | O_NOFOLLOW));
    TRY(draft, Draft::open(folder));
    return read_all(from, [&](std::string_view bytes) { return draft.write(bytes); })
        .and_then([&] { return draft.sync(); })
        .and_then([&] { return draft.put_where_nothing_is(folder / name); });
  }

 private:
  Path data(const std::string& id) const { return path_ / (id + ".data"); }
  Path json_of(const std::string& id) const { return path_ / (id + ".json"); }

  // Into the draft, with all that its bytes say of it.
  Result<FileInfo> receive(const Incoming& incoming, Draft& draft) const {
    FileInfo info;
    std::string head;
    Sha256 sum;
    const auto take = [&](std::string_view bytes) -> Result<> {
      info.size += bytes.size();
      if (info.size > limits_.most_bytes_each)
        return fail(Errc::invalid, "{} has more than {} (MAX_FILE_SIZE)", incoming.name,
                    format_size(limits_.most_bytes_each));
      if (head.size() < kHead) head += bytes.substr(0, kHead - head.size());
      sum.add(bytes);
      return draft.write(bytes);
    };
    Result<> taken;
    if (const auto* bytes = std::get_if<std::string>(&incoming.content))
      taken = take(*bytes);
    else
      taken = read_all(*std::get<std::shared_ptr<Fd>>(incoming.content), take);
    if (!taken) return fail(taken.error());
    info.sha256 = sum.hex();
    info.owner = incoming.owner;
    info.id = file_id(info.owner, info.sha256);
    info.type = type_of(head);
    return info;
  }

  Result<> room_for(const FileInfo& info, const Files& files) const {
    std::uint64_t used = 0;
    for (const FileInfo& file : files) used += file.size;
    if (files.size() >= FileStore::kMostFiles)
      return fail(Errc::unavailable, "the file store has {} files, and takes no more: delete some",
                  files.size());
    if (used + info.size > limits_.most_bytes)
      return fail(Errc::unavailable,
                  "the file store has no room for {}: {} of {} are taken (EXAI_FILES_MAX_BYTES); "
                  "delete some",
                  format_size(info.size), format_size(used), format_size(limits_.most_bytes));
    return {};
  }

  Result<> erase(const std::string& id) {
    return remove_file(json_of(id)).and_then([&] { return remove_file(data(id)); });
  }

  // All that there are, after those that have expired were removed, and what crashes left.
  Result<Files> swept(WallTime now) {
    Files files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path_, error)) {
      const Path& path = entry.path();
      if (path.extension() == ".tmp" || path.extension() == ".data") remove_if_left(path, now);
      if (path.extension() != ".json") continue;
      const auto text = read_file(path, kMostInfo);
      const auto info = text ? parse_file_info(*text) : fail(text.error());
      if (!info) continue;  // removed meanwhile, or not ours
      if (info->expires > now)
        files.push_back(*info);
      else if (auto erased = erase(info->id); !erased)
        return fail(erased.error());
    }
    return files;
  }

  void remove_if_left(const Path& path, WallTime now) const {
    struct stat info {};
    if (path.extension() == ".data" && is_file(json_of(path.stem().string()))) return;
    if (::stat(path.c_str(), &info) != 0) return;
    if (WallTime(std::chrono::seconds(info.st_mtim.tv_sec)) + kLeftBehind < now)
      ::unlink(path.c_str());
  }

  Path path_;
  FileLimits limits_;
};

class LocalFiles final : public FileStore {
 public:
  LocalFiles(Island& island, Clock& clock, Path folder, FileLimits limits)
      : island_(island),
        clock_(clock),
        folder_(std::make_shared<Folder>(std::move(folder), limits)) {}

  Task<Result<Added>> add(Incoming incoming) override {
    return on_disk<Added>([incoming = std::move(incoming)](Folder& folder, WallTime now) {
      return folder.add(incoming, now);
    });
  }
  Task<Result<FileInfo>> find(FileRef file) override {
    return on_disk<FileInfo>(
        [file = std::move(file)](Folder& folder, WallTime now) { return folder.find(file, now); });
  }
  Task<Result<Files>> list(std::string caller) override {
    return on_disk<Files>([caller = std::move(caller)](Folder& folder, WallTime now) {
      return folder.list(caller, now);
    });
  }
  Task<Result<std::string>> read(FileRef file, std::uint64_t offset, std::size_t most) override {
    return on_disk<std::string>(
        [file = std::move(file), offset, most](Folder& folder, WallTime now) {
          return folder.read(file, offset, most, now);
        });
  }
  Task<Result<>> set_upload(FileRef file, std::string provider, std::string at_it) override {
    return on_disk<void>([file = std::move(file), provider = std::move(provider),
                          at_it = std::move(at_it)](Folder& folder, WallTime now) {
      return folder.set_upload(file, provider, at_it, now);
    });
  }
  Task<Result<>> remove(FileRef file) override {
    return on_disk<void>([file = std::move(file)](Folder& folder, WallTime now) {
      return folder.remove(file, now);
    });
  }
  Task<Result<>> copy_to(FileRef file, Path folder, std::string name) override {
    return on_disk<void>(
        [file = std::move(file), to = std::move(folder), name = std::move(name)](
            Folder& from, WallTime now) { return from.copy_to(file, to, name, now); });
  }

 private:
  // The work may outlive its waiter, and then owns the folder.
  template <class T>
  Task<Result<T>> on_disk(std::function<Result<T>(Folder&, WallTime)> work) {
    std::function<Result<T>()> job = [folder = folder_, now = clock_.wall(),
                                      work = std::move(work)] { return work(*folder, now); };
    return island_.run(std::move(job));
  }

  Island& island_;
  Clock& clock_;
  std::shared_ptr<Folder> folder_;
};

}  // namespace

std::unique_ptr<FileStore> make_local_files(Island& island, Clock& clock, Path folder,
                                            FileLimits limits) {
  return std::make_unique<LocalFiles>(island, clock, std::move(folder), limits);
}

}  // namespace exai::store
