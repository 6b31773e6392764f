#pragma once
// SHA-256 of bytes that come in pieces. libsodium is walled in. Pure.

#include <memory>
#include <string>
#include <string_view>

namespace exai::store {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void add(std::string_view bytes);
  std::string hex();  // of all of them, 64 digits; nothing may be added afterwards

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace exai::store
