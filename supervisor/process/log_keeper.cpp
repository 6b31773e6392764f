#include "supervisor/process/log_keeper.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace exai::process {

namespace {

// An island runs at our own priority; of a thread, Linux takes this to be its alone.
void yield_to_others() {
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19));
}

void remove(const logs::Part& part) {
  std::error_code ignored;
  std::filesystem::remove(part.text(), ignored);
  std::filesystem::remove(part.index(), ignored);
}

Result<> compress(logs::Part part) {
  yield_to_others();
  const Path plain = part.text();
  part.compressed = true;
  if (auto done = logs::compress_file(plain, part.text()); !done)
    return done.error().code() == Errc::not_found ? Result<>{} : done;  // removed in between
  std::error_code ignored;
  if (!std::filesystem::remove(plain, ignored)) remove(part);
  return {};
}

// What a supervisor that died has left of its work.
void remove_rests(const Path& log) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(log.parent_path(), error))
    if (entry.path().filename().string().starts_with(log.filename().string() + ".") &&
        entry.path().extension() == ".part")
      std::filesystem::remove(entry.path(), error);
}

// Instead of a log that has parts to be compressed: all together may have become too much.
const Path kNothing;

struct Aged {
  std::filesystem::file_time_type written;
  logs::Part part;
  std::uint64_t bytes = 0;
};

std::uint64_t bytes_of(const Path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

std::vector<Aged> complete_parts(const Path& folder) {
  std::vector<Aged> parts;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".log") continue;
    for (logs::Part& part : logs::parts_of(entry.path()))
      if (part.number != logs::kCurrent)
        parts.push_back({std::filesystem::last_write_time(part.text(), error), part,
                         bytes_of(part.text()) + bytes_of(part.index())});
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Aged& a, const Aged& b) { return a.written < b.written; });
  return parts;
}

}  // namespace

std::uint64_t remove_oldest_parts(const Path& folder, std::uint64_t most) {
  std::uint64_t total = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    total += bytes_of(entry.path());
  if (total <= most) return total;
  for (const Aged& oldest : complete_parts(folder)) {
    remove(oldest.part);
    total -= std::min(total, oldest.bytes);
    if (total <= most) break;
  }
  return total;
}

LogKeeper::LogKeeper(Loop& loop, Path folder, std::uint64_t max_total, Log log)
    : folder_(std::move(folder)),
      max_total_(max_total),
      log_(std::move(log)),
      island_(loop, "logs"),
      tasks_(loop, log_) {}

void LogKeeper::rotated(const LogFile& file) {
  if (file.limits().compress)
    waiting_.insert(file.path());
  else if (max_total_ > 0)
    waiting_.insert(kNothing);
  if (working_ || waiting_.empty()) return;
  working_ = true;
  tasks_.spawn("the keeper of the logs", work());
}

Task<> LogKeeper::on_island(std::function<Result<>()> work) {
  const Result<> done = co_await island_.run(std::move(work));
  if (!done) log_.warn("a log was not compressed", {{"error", done.error().message()}});
}

Task<> LogKeeper::work() {
  do {
    // Taken first: a rotation from here on is looked at again.
    const Path log = waiting_.extract(waiting_.begin()).value();
    if (max_total_ > 0) {
      std::function<Result<>()> shrink = [folder = folder_, most = max_total_]() -> Result<> {
        remove_oldest_parts(folder, most);
        return {};
      };
      co_await on_island(std::move(shrink));
    }
    if (log == kNothing) continue;
    remove_rests(log);
    const std::vector<logs::Part> parts = logs::parts_of(log);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].compressed || parts[i].number == logs::kCurrent) continue;
      std::function<Result<>()> pack = [part = parts[i]] { return compress(part); };
      co_await on_island(std::move(pack));
    }
  } while (!waiting_.empty());
  working_ = false;
}

Task<> LogKeeper::close() {
  waiting_.clear();
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace exai::process
