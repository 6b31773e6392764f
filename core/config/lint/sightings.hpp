#pragma once
// Where secrets are written: the facts that the rules about them share. For files of rules.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config/git_index.hpp"
#include "core/config/lint/rules.hpp"

namespace exai::config {

// A secret in an environment file.
struct Sighting {
  const EnvFile* file = nullptr;
  const DotenvEntry* entry = nullptr;
  std::string name;      // the option's own
  std::string value;     // for comparing, never for printing
  bool is_sure = false;  // by its name; else it only looks like one
};

// Every value that stands in an environment file and is a secret, in the order of the files. Not
// those of examples, placeholders, references alone and names that are set again further down.
std::vector<Sighting> secrets_in_env_files(const LintSubject& subject);

// What is written at a place, without the quotes around it.
std::string_view written_at(const Span& span);
// No reference in it, $$ aside.
bool is_literal(std::string_view written);

// A place inside a text that stands at `whole`: bytes [begin, end) of the source.
Span span_of(const SourcePtr& source, ByteRange range);

// The names of the values of Compose files by their places, as fixes declare them:
// "services.web.ports[0]". Made when somebody asks: most projects need it for nothing.
class LeafIndex {
 public:
  explicit LeafIndex(const ComposeProject& compose) : compose_(compose) {}

  // Nothing: no value of its own is written there.
  std::optional<std::string> at(const Span& place);

 private:
  using Place = std::pair<const Source*, Position>;
  void add(const Node& node, const Source* source, const std::string& path);

  const ComposeProject& compose_;
  bool is_made_ = false;
  std::map<Place, std::string> leaves_;
};

// dev, test, ci, local: what is weak there harms nobody.
bool is_for_development(const EnvFile& file, const LintSubject& subject);

// The repository of the project, read when somebody asks: most projects need it for nothing.
class Git {
 public:
  explicit Git(const LintSubject& subject) : subject_(subject) {}
  bool tracks(const Path& file);
  std::optional<IgnorePattern> ignores(const Path& file);

 private:
  const LintSubject& subject_;
  bool is_read_ = false;
  std::optional<GitRepository> repository_;
};

// Other users can get at the file or folder: neither it nor a folder between it and the project's
// keeps them out. Nothing: they cannot, or there is no such thing.
std::optional<FileInfo> open_to_others(const LintSubject& subject, const Path& path);

}  // namespace exai::config
