#include "core/config/names.hpp"

#include <algorithm>
#include <array>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/places.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

namespace {

// What EXAI itself gives to every service.
constexpr std::array<std::string_view, 7> kOurs = {
    "TZ",           "EXAI_ENV",        "EXAI_STACK", "EXAI_STACK_DIR", "EXAI_STATE_DIR",
    "EXAI_SERVICE", "EXAI_SERVICE_DIR"};

}  // namespace

std::string Names::canonical(std::string_view name) const {
  const Option* option = options->find(name);
  return option == nullptr ? std::string(name) : option->name;
}

bool Names::is_known(std::string_view name) const {
  return options->find(name) != nullptr || declared.contains(name) || secrets.contains(name) ||
         stored.contains(name);
}

bool Names::is_secret(std::string_view name) const {
  const Option* option = options->find(name);
  return secrets.contains(name) || stored.contains(name) || (option != nullptr && option->secret);
}

bool Names::is_confidential(std::string_view name) const {
  const std::string option = canonical(name);
  return is_secret(option) || (options->find(option) == nullptr && sounds_secret(option));
}

void hide_secrets(Source& source, const std::vector<DotenvEntry>& entries, const Names& names) {
  const auto is_secret = [&](const DotenvEntry& entry) {
    return names.is_confidential(entry.key) ||
           (!names.is_known(names.canonical(entry.key)) && !sounds_public(entry.key) &&
            entry.value && looks_random(*entry.value));
  };
  for (const DotenvEntry& entry : entries)
    if (is_secret(entry))
      source.hidden.push_back({entry.value_begin, line_end(source.text, entry.value_end)});
}

bool Names::is_given_by_exai(std::string_view name) const {
  const auto given = [](std::string_view one) { return contains(kOurs, one); };
  const Option* option = options->find(name);
  return given(name) || (option != nullptr &&
                         std::any_of(option->aliases.begin(), option->aliases.end(),
                                     [&](const OptionAlias& alias) { return given(alias.name); }));
}

std::optional<std::string> Names::suggestion(std::string_view name) const {
  std::vector<std::string> known;
  for (const Option& option : options->options()) known.push_back(option.name);
  for (const auto& [one, span] : declared) known.push_back(one);
  for (const auto& [one, span] : secrets) known.push_back(one);
  known.insert(known.end(), stored.begin(), stored.end());
  return closest(name, known);
}

}  // namespace exai::config
