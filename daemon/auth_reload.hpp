#pragma once
// Tokens and keys that come from files (EXAI_WS_TOKEN_FILE, JWT_PUBLIC_KEYS_FILE, …), read again
// when one of the files changes: all of them together, as at the start.
//
//   the same as in effect   nothing, and nothing is wrong any more
//   good                    in effect from now on; what is open stays open (net/gate.hpp)
//   wrong, gone, or empty   what is in effect stays; the log says why, and health until it is good
//
// What comes from the environment itself, or from memory (delivery = "memfd"), changes with a new
// start only. Thread: loop, which does not run dry while this lives.

#include <functional>
#include <string>

#include "core/base/file_changes.hpp"
#include "core/base/redact.hpp"
#include "daemon/health.hpp"
#include "daemon/settings.hpp"

namespace exai {

class AuthReload final {
 public:
  using Use = std::function<void(const AuthSettings& before, const AuthSettings& now)>;
  // `redactor` learns new secrets. Lifetime: clock and redactor outlive it.
  AuthReload(Loop& loop, Clock& clock, Log log, AuthSource source, AuthSettings in_effect,
             Redactor& redactor, Use use);

  health::Component component() const;

 private:
  void reload();
  void refuse(const Error& why);

  Clock& clock_;
  Log log_;
  AuthSource source_;
  AuthSettings in_effect_;
  Redactor& redactor_;
  Use use_;
  WallTime since_;
  std::string wrong_;  // empty: nothing is
  FileChanges changes_;
};

}  // namespace exai
