#pragma once
// Kept files on their way to providers. A file is sent to a provider once: the id that it got there
// is kept with it, for that base URL. One file is on its way at a time: so the same one is not sent
// twice at once, and no more than one is in memory.
//
// When the provider says that it does not know the id any more, the file is sent once more.

#include <memory>
#include <vector>

#include "daemon/tools/tools.hpp"

namespace exai::tools {

// Who is on their way holds the place; others wait. Thread: loop. Lifetime: outlives its places.
class UploadLine {
 public:
  class Place {
   public:
    explicit Place(UploadLine& line) : line_(&line) {}
    Place(Place&& other) noexcept : line_(std::exchange(other.line_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    // What may throw in here is the cancelling of timers, which does not fail on Linux.
    ~Place() {  // NOLINT(bugprone-exception-escape)
      if (line_) line_->leave();
    }

   private:
    UploadLine* line_;
  };

  Task<Place> enter();

 private:
  void leave();
  bool taken_ = false;
  std::vector<std::weak_ptr<Timer>> waiting_;
};

// What is said where files are wanted and none are kept.
Error nowhere_to_keep();

// "kimi https://api.moonshot.ai/v1": whose id an upload has.
std::string upload_key(const providers::ProviderInfo& provider);

// The id that the file has at the provider; it is sent when it is not there yet. Errors: those of
// the store; unavailable, with what the provider said and what to do.
Task<Result<std::string>> provider_file_id(Context& context, store::FileInfo file,
                                           providers::Provider* provider);
// The text that the provider makes of it. Errors: also invalid, when it does not do that.
Task<Result<std::string>> provider_text(Context& context, store::FileInfo file,
                                        providers::Provider* provider);

}  // namespace exai::tools
