#pragma once
// Carries out what findings propose (Diagnostic::fix), and holds every fix to its word.
//
// In rounds: of all fixes that are wanted, those that touch each other's text wait for the next
// round, the first by place goes first; then everything is read again and the rules say what is
// left. It ends when nothing is left to do. A fix that is proposed again and again is given up.
//
// A fix is refused when what the file says, parsed again, differs from before in anything that it
// does not declare (Fix::changes); see meaning_of. Everything outside its edits stays byte for
// byte.
//
// Pure: texts in, texts out. Who writes them: core/workspace/rewrite.hpp.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/config/config.hpp"

namespace exai::config {

using Texts = std::map<Path, std::string>;

enum class FixScope {
  safe,  // fixes of rules that are marked so
  all,   // what is only suggested, too: to be shown, not to be written
};

struct RefusedFix {
  Diagnostic finding;
  std::string why;
};

struct FixedFile {
  SourcePtr before;
  SourcePtr after;  // with what it hides
};

struct Fixed {
  std::vector<FixedFile> files;         // by path
  std::map<Path, std::uint32_t> modes;  // of files and folders that get another one
  Diagnostics applied;                  // the findings whose fixes these are
  std::vector<RefusedFix> refused;
};

// Everything read again as if the files said this.
using Reload = std::function<Loaded(const Texts& texts)>;

Fixed apply_fixes(const Loaded& loaded, FixScope scope, const Reload& reload);

// What a file says to whoever reads it: a value for each name, for each leaf of the tree. Two files
// with the same meaning differ in nothing but looks.
struct Meaning {
  std::map<std::string, std::string> values;
  // As it would be read where every reference to a name outside of the file has a value.
  std::map<std::string, std::string> elsewhere;
  std::size_t faults = 0;  // places that could not be read
};
// By the file's name: TOML, YAML, JSON, else an environment file. Nothing: it cannot be read.
std::optional<Meaning> meaning_of(const SourcePtr& source);

// What keeps the fix that declares `changes` from being done; nothing when it keeps its word.
std::optional<std::string> broken_promise(const Meaning& before, const Meaning& after,
                                          const std::vector<Change>& changes);

}  // namespace exai::config
