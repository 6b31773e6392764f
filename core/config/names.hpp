#pragma once
// The names of variables: which ones there may be, and which of them hold secrets.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/dotenv.hpp"
#include "core/config/options.hpp"
#include "core/config/tree.hpp"

namespace exai::config {

// The names that variables may have.
struct Names {
  const OptionTable* options = nullptr;
  std::map<std::string, Span, std::less<>> declared;  // [stack] variables
  std::map<std::string, Span, std::less<>> secrets;   // [secrets]
  std::set<std::string, std::less<>> stored = {};     // in the store

  // The option's name for an alias of it; else the same name.
  std::string canonical(std::string_view name) const;
  bool is_known(std::string_view name) const;
  bool is_secret(std::string_view name) const;
  // Secret, or no option and named like something a person would keep to himself.
  bool is_confidential(std::string_view name) const;
  bool is_given_by_exai(std::string_view name) const;
  std::optional<std::string> suggestion(std::string_view name) const;
};

// Diagnostics show lines of the file, but not the value of a secret, nor what stands behind it on
// its line: nobody knows what was meant to belong to it.
void hide_secrets(Source& source, const std::vector<DotenvEntry>& entries, const Names& names);

}  // namespace exai::config
