#pragma once
// The door of the configuration engine:
//   files → parse (tree with places) → resolve (layers, variables, provenance) → lint → settings
// Pure: files and programs are looked up through Facilities, the time is what the request says, and
// network does not exist here.
//
// Who wins for a variable, first to last: process environment, the environment's secrets, its
// layers (later over earlier), the option table's default. A [secrets] name that nobody sets is
// generated on the first `up`. (resolve.hpp has the whole of it.)

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/base/time.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/settings.hpp"

namespace exai::config {

// What is at a path; links are not followed.
struct FileInfo {
  enum class Kind { file, folder, link, other } kind = Kind::file;
  std::uint32_t mode = 0;  // permission bits
  bool is_ours = true;     // belongs to the user who runs this

  friend bool operator==(const FileInfo&, const FileInfo&) = default;
};

using Secrets = std::map<std::string, Secret, std::less<>>;

// What is said in the clear about one secret of a store.
struct SecretDates {
  std::optional<WallTime> since;  // it has the value it has
  std::optional<WallTime> expires;

  friend bool operator==(const SecretDates&, const SecretDates&) = default;
};

using DatesOfSecrets = std::map<std::string, SecretDates, std::less<>>;

// What the engine may ask of the world. Tests answer from memory and see what was asked.
struct Facilities {
  std::function<Result<std::string>(const Path&)> read;
  // The program a command would start, looked up in PATH and beside our own binaries.
  std::function<bool(const std::string& program)> has_program;
  // The values of the store that an environment names. Only asked for when it does. In the message
  // of an error, what follows a semicolon is what to do.
  std::function<Result<Secrets>(const Path& store)> secrets;
  // The dates of its secrets; needs no key. A store that says nothing about them has none.
  std::function<Result<DatesOfSecrets>(const Path& store)> secret_dates;
  std::function<Result<FileInfo>(const Path&)> look;
  // Names in a folder, sorted; those of files and folders, hidden ones too.
  std::function<Result<std::vector<std::string>>(const Path&)> list;
};

enum class Scope {
  stack,    // what `up` needs: the stack file and the layers of its environment
  project,  // what `validate` looks at: everything that configures the stack (project.hpp)
};

struct LoadRequest {
  Path stack_file;         // absolute; empty: a project without one
  Path folder = {};        // of the project; empty: that of the stack file
  Path compose_file = {};  // empty: the one in the folder, by its usual names
  Scope scope = Scope::stack;
  std::optional<std::string> environment;  // --env; else EXAI_ENV, [stack] environment, "dev"
  std::map<std::string, std::string> process_environment;
  Secrets credentials;                 // of $CREDENTIALS_DIRECTORY
  std::string credentials_fault = {};  // why they cannot be read; empty: they can, or are none
  // Values that only exist on disk: EXAI_STATE_DIR, EXAI_STACK_DIR; ${EXAI_SERVICE_DIR} is
  // "<run_folder>/<service>".
  Path state_folder;
  Path run_folder;
  std::optional<WallTime> now = {};  // none: nothing is too old

  friend bool operator==(const LoadRequest&, const LoadRequest&) = default;
};

struct ComposeProject;  // compose_model.hpp
struct Resolved;        // resolve.hpp

struct Loaded {
  std::shared_ptr<const Stack> stack;  // none when there are errors
  // What the stack file means in its environment, errors or not; none when it is no TOML.
  std::shared_ptr<const Resolved> resolved;
  // With Scope::project, when there are Compose files.
  std::shared_ptr<const ComposeProject> compose;
  Diagnostics diagnostics;         // sorted
  std::vector<std::string> files;  // that were read, in order
  std::size_t layers = 0;          // of the environment, among them
  std::vector<SourcePtr> sources;  // their texts, where rules look at them
  std::size_t allowed = 0;         // findings that a comment in the file allows (allow.hpp)
  FindingCount dropped;            // beyond what anybody reads, at least

  // Nothing is an error, whether it is among the diagnostics or was dropped.
  bool is_valid() const { return dropped.errors == 0 && !has_errors(diagnostics); }

  // Every value that is nobody's business, by name, also of a stack with errors: for the redactor.
  std::vector<std::pair<std::string, Secret>> secrets;
};

Loaded load(const LoadRequest& request, const Facilities& facilities);

// Replaces $NAME and ${NAME…} (the dotenv operators) by what `lookup` gives. Errors: invalid, with
// the name that is missing. For templates that are rendered when a service starts.
Result<std::string> interpolate(
    std::string_view text,
    const std::function<std::optional<std::string>(std::string_view name)>& lookup);

}  // namespace exai::config
