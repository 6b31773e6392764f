#pragma once
// What a service is, as one number for each thing its part of the stack file says: `stop.grace`,
// `env.LOG_LEVEL`, `process`. Two of a name with different numbers: it was changed. Taken from the
// resolved tree, so no key can be forgotten, and a key that is new has no name to be known by.
//
// A list is one thing, a table is its members. How a value is written does not count: 1 and "1" are
// the same. A template counts with its text and with the values of what it refers to. The numbers
// say nothing about a value to whoever does not know it already.

#include <vector>

#include "core/base/hash.hpp"
#include "core/config/resolve.hpp"
#include "core/config/settings.hpp"

namespace exai::config {

// Sorted by name.
std::vector<Trait> traits_of(const Resolved& resolved, const Member& service);

// FNV-1a over texts, each with its length, so that no two run together.
class Digest {
 public:
  void add(std::string_view text);
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = fnv1a("");
};

// A scalar as a program sees it; of a list or a table: nothing.
std::string plain_text(const Node& node);
// With the types and keys of all that is in it.
void add_node(Digest& digest, const Node& node);

}  // namespace exai::config
