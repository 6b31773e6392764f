#pragma once
// A value that must not be seen: no formatting, no implicit conversion, equality in constant time,
// wiped when it ends. reveal() is the only way out, and easy to grep for.

#include <string>
#include <string_view>

namespace exai {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(other.value_) { other.wipe(); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe();
      value_ = other.value_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      *this = static_cast<const Secret&>(other);
      other.wipe();
    }
    return *this;
  }
  ~Secret() { wipe(); }

  // Lifetime: as long as this Secret is neither assigned nor destroyed.
  std::string_view reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

  // The time taken depends on the lengths only.
  friend bool operator==(const Secret& a, const Secret& b) {
    if (a.value_.size() != b.value_.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.value_.size(); ++i)
      difference |= static_cast<unsigned>(static_cast<unsigned char>(a.value_[i]) ^
                                          static_cast<unsigned char>(b.value_[i]));
    return difference == 0;
  }

 private:
  void wipe() noexcept {
    volatile char* bytes = value_.data();
    for (std::size_t i = 0; i < value_.size(); ++i) bytes[i] = 0;
    value_.clear();
  }

  std::string value_;
};

}  // namespace exai
