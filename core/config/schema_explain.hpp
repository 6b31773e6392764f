#pragma once
// What the schema walker found, in words: which value is meant, what was expected, what to do.
// Decides nothing: every function makes one diagnostic of a fault that is certain.

#include <span>
#include <string>
#include <vector>

#include "core/config/diagnostics.hpp"
#include "core/config/schema_forms.hpp"

namespace exai::config {

// Where the walker is: a value, and the way to it. Lives on the walker's stack.
struct Place {
  const Node& node;
  const Place* owner = nullptr;    // none: the document
  const Member* member = nullptr;  // it is this member of the owner; none: an item of its list
  std::size_t index = 0;           // which item
  bool is_key = false;             // it is a key of the owner, not a value
};

// "services.web.ports[0]"; nothing for the document.
std::string path_of(const Place& place);

class SchemaExplainer {
 public:
  SchemaExplainer(const SchemaForms& forms, Notation notation)
      : forms_(forms), notation_(notation) {}

  Diagnostic wrong_kind(const Place& place, const Form& form, Kinds expected) const;
  Diagnostic not_allowed(const Place& place, const Form& form) const;
  Diagnostic not_the_constant(const Place& place, const Form& form) const;
  Diagnostic not_a_choice(const Place& place, const Form& form) const;

  Diagnostic out_of_range(const Place& place, const Form& form) const;
  Diagnostic not_a_multiple(const Place& place, const Form& form) const;
  Diagnostic wrong_length(const Place& place, const Form& form) const;
  Diagnostic no_match(const Place& place, const Form& form) const;
  Diagnostic bad_notation(const Place& place, const Form& form) const;

  Diagnostic wrong_number_of_items(const Place& place, const Form& form) const;
  Diagnostic too_many_items(const Place& place, std::size_t most) const;  // the first one too many
  Diagnostic nothing_contained(const Place& place, const Form& form) const;
  Diagnostic listed_twice(const Place& list, const Node& item, const Node& first) const;

  // The key that was probably meant: for unknown_key, and so that it is not called missing.
  std::optional<std::string> meant_key(const Form& form, const Member& member) const;
  Diagnostic unknown_key(const Place& table, const Form& form, const Member& member) const;
  Diagnostic missing_key(const Place& place, const Form& form, std::string_view key) const;
  Diagnostic missing_companion(const Place& table, const Member& because,
                               std::string_view key) const;
  Diagnostic wrong_number_of_keys(const Place& place, const Form& form) const;
  Diagnostic none_of_the_keys(const Place& place, const std::vector<std::string>& keys) const;
  Diagnostic two_of_the_keys(const Place& place, const Member& first, const Member& second,
                             const std::vector<std::string>& keys) const;

  Diagnostic several_fit(const Place& place, const std::vector<FormIndex>& fitting) const;
  Diagnostic excluded(const Place& place, const Form& negated) const;
  Diagnostic too_much(const Place& place) const;

 private:
  std::string shown(const Place& place, const Form& form) const;
  std::string example(const Form& form) const;
  std::vector<std::string> known_keys(const Form& form) const;

  const SchemaForms& forms_;
  Notation notation_;
};

}  // namespace exai::config
