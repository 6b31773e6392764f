#include <list>
#include <unordered_map>

#include "daemon/store/store.hpp"

namespace exai::store {
namespace {

// Entries in the order of their last use, the most recent first, and an index into them.
class MemoryStore final : public Store {
 public:
  MemoryStore(Clock& clock, std::size_t max_bytes) : clock_(clock), max_bytes_(max_bytes) {}

  std::string_view backend() const override { return "memory"; }

  Task<Result<std::optional<std::string>>> get(std::string key) override {
    const auto found = index_.find(key);
    if (found == index_.end()) co_return std::optional<std::string>();
    if (found->second->expires <= clock_.now()) {
      erase(found->second);
      co_return std::optional<std::string>();
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    co_return found->second->value;
  }

  Task<Result<>> put(std::string key, std::string value, Duration time_to_live) override {
    const std::size_t bytes = key.size() + value.size();
    if (bytes > max_bytes_)
      co_return fail(Errc::invalid, "{} bytes are more than the memory store holds ({})", bytes,
                     max_bytes_);
    if (const auto found = index_.find(key); found != index_.end()) erase(found->second);
    entries_.push_front({key, std::move(value), clock_.now() + time_to_live});
    index_.emplace(std::move(key), entries_.begin());
    used_ += bytes;
    while (used_ > max_bytes_) erase(std::prev(entries_.end()));
    co_return Result<>();
  }

  Task<Result<>> remove(std::string key) override {
    if (const auto found = index_.find(key); found != index_.end()) erase(found->second);
    co_return Result<>();
  }

  Task<Result<>> ping() override { co_return Result<>(); }
  Task<> close() override { co_return; }

 private:
  struct Entry {
    std::string key;
    std::string value;
    Time expires;
  };

  void erase(std::list<Entry>::iterator entry) {
    used_ -= entry->key.size() + entry->value.size();
    index_.erase(entry->key);
    entries_.erase(entry);
  }

  Clock& clock_;
  std::size_t max_bytes_;
  std::size_t used_ = 0;
  std::list<Entry> entries_;
  std::unordered_map<std::string, std::list<Entry>::iterator> index_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(Clock& clock, std::size_t max_bytes) {
  return std::make_unique<MemoryStore>(clock, max_bytes);
}

}  // namespace exai::store
