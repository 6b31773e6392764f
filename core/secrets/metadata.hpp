#pragma once
// What may be known about secrets without their values: when each was made and changed, when it
// expires, how long it is, and a mark that changes with the value. A TOML file in the clear, so
// that expiry is seen without a key. Pure.
//
//   [KIMI_API_KEY]
//   created = "2026-11-21T07:00:00.000Z"
//   changed = "2026-11-21T07:00:00.000Z"
//   expires = "2027-02-19T07:00:00.000Z"      absent: never
//   length = 43
//   mark = "7f3a91c0"                         of an HMAC under a key that is kept with the values
//   rotating = true                           the value of before is still there; absent: no

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/config/config.hpp"

namespace exai::secrets {

struct Facts {
  std::optional<WallTime> created;  // none: whoever wrote the store did not say
  std::optional<WallTime> changed;
  std::optional<WallTime> expires;
  std::size_t length = 0;
  std::string mark;
  bool rotating = false;
  friend bool operator==(const Facts&, const Facts&) = default;
};

using Metadata = std::map<std::string, Facts, std::less<>>;

// `file` is for messages. Errors: invalid, with the place; also for a date that is none, because a
// secret whose expiry cannot be read would never expire. Unknown keys are passed over.
Result<Metadata> parse_metadata(std::string_view text, std::string_view file);
// `store`: what it is about, for people.
std::string to_text(const Metadata& metadata, std::string_view store);

// What the rules about age ask for.
config::DatesOfSecrets dates_of(const Metadata& metadata);

}  // namespace exai::secrets
