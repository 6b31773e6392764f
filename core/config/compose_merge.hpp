#pragma once
// How Compose lays one file over another, and a service over the one it extends: tables by key,
// lists one behind the other, commands replaced, and the keys that have rules of their own (both
// forms of environment, ports by what they publish, mounts by target, …). Values; nothing is read.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/config/diagnostics.hpp"

namespace exai::config {

// The !reset and !override of all files of a project.
class ComposeTags {
 public:
  void add(const SourcePtr& source, const std::map<Position, std::string>& tags);
  bool is_reset(const Node& node) const { return tag(node) == "!reset"; }
  bool is_override(const Node& node) const { return tag(node) == "!override"; }

 private:
  std::string_view tag(const Node& node) const;
  std::map<std::pair<const Source*, Position>, std::string> tags_;
};

// What environment: of a stronger file took the place of.
using Overridden = std::vector<Member>;

class ComposeMerge {
 public:
  ComposeMerge(const ComposeTags& tags, Diagnostics& diagnostics)
      : tags_(tags), diagnostics_(diagnostics) {}

  // Two services. Returns: the members of environment: that count no more, weakest first.
  Overridden service(Node& base, const Node& over) const;
  // A top-level section other than services: volumes, networks, x-…
  void section(Node& base, const Node& over) const;

 private:
  enum class Level { service, build, deploy, section };
  void members(Node& base, const Node& over, Level level, Overridden* overridden) const;
  void value(Node& base, const Node& over, Level level) const;
  void keyed(Node& base, const Node& over, Overridden* overridden) const;
  void special(Node& base, const Member& over, Level level, Overridden* overridden) const;
  Node without_resets(Node node) const;
  void refuse(const Node& base, const Node& over) const;

  const ComposeTags& tags_;
  Diagnostics& diagnostics_;
};

// A list of "name=value" and "name" texts as a table; a table as it is. What is neither stays out.
Node::Table as_table(const Node& node);

}  // namespace exai::config
