#pragma once
// What the bodies and messages of all connections of a server may have together while they arrive
// and are worked on, so that many large uploads at once cannot exhaust its memory. One alone always
// may, however large: what a single message may have is another limit.
//
// A share is one connection's part; it is given back when the share ends. Thread: loop. Lifetime:
// the budget outlives its shares.

#include <cstddef>

namespace exai::net {

class ByteBudget {
 public:
  explicit ByteBudget(std::size_t limit) : limit_(limit) {}  // 0: no limit
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  std::size_t used() const { return used_; }

  class Share {
   public:
    explicit Share(ByteBudget& budget) : budget_(budget) {}
    ~Share() { budget_.used_ -= bytes_; }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // From now on it is so large. False: there is no room, and it is given back as a whole.
    bool resize(std::size_t bytes) {
      const std::size_t others = budget_.used_ - bytes_;
      const bool fits = budget_.limit_ == 0 || others == 0 || bytes == 0 ||
                        (others < budget_.limit_ && bytes <= budget_.limit_ - others);
      bytes_ = fits ? bytes : 0;
      budget_.used_ = others + bytes_;
      return fits;
    }

   private:
    ByteBudget& budget_;
    std::size_t bytes_ = 0;
  };

 private:
  std::size_t limit_;
  std::size_t used_ = 0;
};

}  // namespace exai::net
