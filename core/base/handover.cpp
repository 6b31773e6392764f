#include "core/base/handover.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace exai {

namespace {

struct Places {
  std::mutex mutex;
  Fd null;
  std::vector<Fd> all;
};

// For the life of the process: its last child may be started by a destructor.
Places& kept() {
  static Places& all = *new Places;
  return all;
}

bool make_places(Places& places, std::size_t count) {
  if (!places.null) places.null = Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!places.null) return false;
  while (places.all.size() < count) {
    const int lowest = 3 + static_cast<int>(places.all.size());
    Fd place(::fcntl(places.null.get(), F_DUPFD_CLOEXEC, lowest));
    if (!place) return false;
    places.all.push_back(std::move(place));
  }
  return true;
}

}  // namespace

std::optional<Handover> Handover::take(std::span<const int> descriptors) {
  Places& all = kept();
  Handover handover;
  handover.alone_ = std::unique_lock(all.mutex);
  if (!make_places(all, descriptors.size())) return std::nullopt;
  handover.used_.reserve(descriptors.size());
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    const int place = all.all[i].get();
    if (descriptors[i] >= 0 && ::dup3(descriptors[i], place, O_CLOEXEC) < 0) return std::nullopt;
    handover.used_.push_back(place);
    handover.end_ = std::max(handover.end_, place + 1);
  }
  return handover;
}

Handover::~Handover() {
  if (!alone_.owns_lock()) return;  // moved from
  for (const int place : used_) ::dup3(kept().null.get(), place, O_CLOEXEC);
}

}  // namespace exai
