// Restarting services whose files change: `watch` in the stack file.

#include <algorithm>

#include "supervisor/service/unit.hpp"
#include "supervisor/service/watch.hpp"

namespace exai::service {

// Anew after each reload; what changes between the old watch and the new one is what the reload was
// about.
void Supervisor::watch_files() {
  std::vector<std::string> patterns;
  for (const auto& unit : units_)
    if (!unit->retired)
      patterns.insert(patterns.end(), unit->service().watch.begin(), unit->service().watch.end());
  std::sort(patterns.begin(), patterns.end());
  patterns.erase(std::unique(patterns.begin(), patterns.end()), patterns.end());
  if (patterns == watched_) return;
  watched_ = patterns;
  if (file_watch_) tasks_.spawn("end of watching files", end_watch(std::move(file_watch_)));
  if (patterns.empty()) return;
  file_watch_ = std::make_unique<FileWatch>(
      around_.loop, around_.clock, around_.log, stack_->directory, std::move(patterns),
      [this](const std::vector<std::string>& paths) { files_changed(paths); });
}

Task<> Supervisor::end_watch(std::unique_ptr<FileWatch> watch) {
  co_await watch->close();
}

void Supervisor::files_changed(const std::vector<std::string>& paths) {
  if (stopping_) return;
  for (const auto& unit : units_) {
    const auto& patterns = unit->service().watch;
    const auto changed = std::find_if(paths.begin(), paths.end(), [&](const std::string& path) {
      return is_watched(patterns, path);
    });
    const bool wanted = unit->machine.wanted || unit->machine.state == State::failed;
    if (patterns.empty() || !wanted || (changed == paths.end() && !paths.empty())) continue;
    const std::string cause = (paths.empty() ? "many files" : *changed) + " changed";
    starts_.insert_or_assign(unit.get(), Event{Input::start, cause});
    stop_in_order({unit.get()}, cause);
  }
  pump();
}

}  // namespace exai::service
