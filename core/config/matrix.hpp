#pragma once
// The configuration matrix: option × environment, each value with where it comes from. Also the
// story of one name: everyone who had a say, the winner first. Values of secrets are in neither.
// Pure; what `exai config show|explain|diff|matrix` print.

#include <span>
#include <string>
#include <vector>

#include "core/config/resolve.hpp"

namespace exai::config {

// A value as it may be shown.
struct ShownValue {
  std::string text;  // "6379"; for a secret "(secret)", "(generated)"; "" when it is not set
  std::string from;  // "env/dev.env:3", "process environment", "default"; "" when it is not set
  bool is_set = false;
  friend bool operator==(const ShownValue&, const ShownValue&) = default;
};

struct MatrixRow {
  std::string name;
  std::string group;  // "stack" for a variable or secret of the stack file's own
  std::string unit;
  bool secret = false;
  std::vector<ShownValue> values;  // one for each environment
  // Whether all environments agree. Two secrets that are set are taken to differ unless they come
  // from the same place.
  bool same = true;
};

struct Matrix {
  std::vector<std::string> environments;
  std::vector<MatrixRow> rows;  // options by group and order, then the stack's own by name
};

Matrix make_matrix(std::span<const Resolved* const> environments);

ShownValue shown_value(const Resolved& resolved, const std::string& name);

// One who had a say.
struct Say {
  std::string value;  // as in ShownValue
  std::string from;
  std::string written;  // the alias it was written under, when it was one
  bool wins = false;
};

struct Explanation {
  std::string name;
  const Option* option = nullptr;  // none for the stack's own variables and secrets
  bool secret = false;
  bool generated = false;  // on the first `up`, since nobody sets it
  std::vector<Say> chain;  // the winner first
};

// Errors: not_found, with the name that was meant.
Result<Explanation> explain(const Resolved& resolved, std::string_view name);

}  // namespace exai::config
