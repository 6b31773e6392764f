#include "daemon/auth_reload.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace exai {

AuthReload::AuthReload(Loop& loop, Clock& clock, Log log, AuthSource source, AuthSettings in_effect,
                       Redactor& redactor, Use use)
    : clock_(clock),
      log_(std::move(log)),
      source_(std::move(source)),
      in_effect_(std::move(in_effect)),
      redactor_(redactor),
      use_(std::move(use)),
      since_(clock.wall()),
      changes_(loop, log_, "a new token or key", source_.files, [this] { reload(); }) {
  reload();  // one may have changed since the start
}

void AuthReload::reload() {
  const auto read = read_auth(source_);
  if (!read) return refuse(read.error());
  if (auto may = may_follow(in_effect_, read->settings); !may) return refuse(may.error());
  wrong_.clear();
  if (read->settings == in_effect_) return;
  for (const auto& [name, value] : read->secrets) redactor_.add(name, value);
  const AuthSettings before = std::exchange(in_effect_, read->settings);
  since_ = clock_.wall();
  use_(before, in_effect_);
  log_.info("tokens and keys are new, as their files say");
}

void AuthReload::refuse(const Error& why) {
  if (wrong_ == why.message()) return;
  wrong_ = why.message();
  log_.error("tokens and keys stay the old ones", {{"error", wrong_}});
}

health::Component AuthReload::component() const {
  health::Component component;
  component.name = "keys";
  component.facts["since_utc"] = format_utc(since_);
  component.detail = "tokens and keys are as their files say";
  if (wrong_.empty()) return component;
  component.status = health::Status::warn;
  component.detail = "tokens and keys stay the old ones: " + wrong_;
  return component;
}

}  // namespace exai
