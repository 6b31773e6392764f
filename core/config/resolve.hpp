#pragma once
// From the parsed stack file to what it means in one environment: which layers, which variables
// with all their origins, and the tree with the variables in its texts.
//
// Who wins for a variable is written here and nowhere else, first to last:
//   1. the process environment (names of options, of [stack] variables, and of secrets)
//   2. the credentials that systemd handed over ($CREDENTIALS_DIRECTORY; the same names)
//   3. the environment's secret store; every name in it is known, and a secret
//   4. the environment's layers, later over earlier
//   5. the option table's default
// Layers cannot refer to 2 and 3: they would make a copy that is no secret. A [secrets] name that
// none of them sets is generated on the first `up`; its value is not known here. What EXAI gives to
// every service itself (TZ, EXAI_ENV, …) comes from the stack file and the command line alone; a
// layer that sets such a name is wrong.

#include <map>
#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/config/dotenv.hpp"
#include "core/config/names.hpp"

namespace exai::config {

// One file of an environment, as it was read.
struct Layer {
  SourcePtr source;
  Span named_at;  // in the stack file
  std::vector<DotenvEntry> entries;
};

// Somebody gives a variable a value; from the weakest to the strongest.
struct Assignment {
  std::string written;  // maybe an alias
  std::string name;     // the option's own
  Origin origin;
  Span key_span;
};

struct Template {
  std::string service;
  std::string file;  // in the run folder
  Path path;
  std::string text;
};

struct Resolved {
  std::string environment;
  std::vector<std::string> environments;  // all that the stack file has, in its order
  bool strict = false;
  Names names;
  Path secret_store;  // absolute; empty: none is named
  std::vector<Layer> layers;
  std::vector<Assignment> assignments;
  std::map<std::string, Variable> variables;
  Node tree;  // texts of services with their references replaced; null where that failed
  std::vector<Template> templates;
  Diagnostics diagnostics;         // CFG005, CFG022, ENV…, SEC003, found on the way
  std::vector<std::string> files;  // that were read
};

Resolved resolve(const Node& tree, const LoadRequest& request, const Facilities& world,
                 const OptionTable& options);

// The layer name of values from the process environment.
inline constexpr std::string_view kProcessEnvironment = "process environment";
// Of values that systemd handed over.
inline constexpr std::string_view kCredentials = "credentials";

}  // namespace exai::config
