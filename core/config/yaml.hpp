#pragma once
// YAML text → Node, as Docker Compose reads it. Hides yaml-cpp, which gives start places in bytes
// only, accepts a key twice and leaves merge keys alone; here every node has its whole place, and
// what Compose would refuse is reported. Never throws.
//
//   aliases   replaced by what they stand for. The place of the node is where the alias is used,
//             what is below it keeps its own; `anchors` leads from the alias to the anchor.
//   <<        applied: keys of the table itself win, then earlier ones of a list of merges.
//   scalars   plain ones by Go's rules: 010 is 8, 1e3 is 1000, 12:30, yes and on are text.
//   tags      !reset and !override are kept by place; !!str and the like are obeyed.
//
// Limits, each with a diagnostic: 4 MiB, 64 levels, 32 MiB made by aliases, one document, no
// control characters. Diagnostics: CMP001 syntax; CMP002 a key twice (the last one counts); CMP003
// a key that is no text.

#include <map>
#include <optional>

#include "core/config/diagnostics.hpp"

namespace exai::config {

struct Yaml {
  std::optional<Node> root;              // none when the text is not YAML; null when it is empty
  std::map<Position, std::string> tags;  // by where the tagged node begins: "!reset", "!override"
  std::map<Position, Span> anchors;      // by where an alias is: the anchor's name
  Diagnostics diagnostics;
};

Yaml parse_yaml(const SourcePtr& source);

}  // namespace exai::config
