#pragma once
// Where a stack lives on this machine: which stack file, which state folder, and what is in it. The
// one place where the pure configuration engine meets the disk; shared by exai and the supervisor.
//
//   <state>/                 0700  $EXAI_STATE_DIR, else $XDG_STATE_HOME/exai/<folder>-<hash>,
//     snapshot.json                else ~/.local/state/exai/<folder>-<hash of the file's path>
//     secrets/<NAME>         0600  generated on first use, kept over `down`
//     logs/<service>.log           kept over `down`; supervisor.log beside them. core/logs/parts.hpp
//                                  has what belongs to a log: its index and its earlier parts
//     run/                         gone after `down`:
//       control.sock  supervisor.lock  <service>/…  <service>.out, <service>.out.err (fifos)
//
// The folder does not depend on what the file says, so `down` works while the file is broken.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/os.hpp"
#include "core/base/secret.hpp"
#include "core/config/config.hpp"

namespace exai {

// Where a service finds its secrets, in its run folder.
inline constexpr std::string_view kDelivered = "secrets";

struct Workspace {
  Path stack_file;
  Path state;

  Path run() const { return state / "run"; }
  Path socket() const { return run() / "control.sock"; }
  Path lock() const { return run() / "supervisor.lock"; }
  Path snapshot() const { return state / "snapshot.json"; }
  Path logs() const { return state / "logs"; }
  Path supervisor_log() const { return logs() / "supervisor.log"; }
  Path secrets() const { return state / "secrets"; }
  // Put together as text: there may be a thousand services.
  Path service_run(const std::string& service) const { return state.native() + "/run/" + service; }
  Path service_log(const std::string& service) const {
    return state.native() + "/logs/" + service + ".log";
  }
  Path service_fifo(const std::string& service) const {
    return state.native() + "/run/" + service + ".out";
  }
};

// `given` (--file), else $EXAI_FILE, else exai.toml or configs/exai.toml here or in a parent.
// Errors: not_found, naming the places that were tried.
Result<Workspace> find_workspace(const std::optional<Path>& given, const Environment& environment);

// PATH of a service and of `command not found`: the folder of our own binaries, then PATH.
std::string program_search_path(const Environment& environment);

// Its `secrets` hold the generated ones too.
config::Loaded load_stack(const Workspace& workspace, const std::optional<std::string>& env,
                          const Environment& environment);

// load_stack again and again, without `resolved` and `sources`: the same stack, by pointer, while
// nothing that it was read from has changed. Thread: one call at a time.
std::function<config::Loaded()> stack_loader(const Workspace& workspace,
                                             const std::optional<std::string>& env,
                                             const Environment& environment);

// Everything that configures the stack at `path`: a folder, a stack file or a compose file. A
// project needs no stack file. With `texts`: as if the files at these paths said this.
// Errors: not_found when there is nothing at the path.
Result<config::Loaded> load_project(const Path& path, const std::optional<std::string>& env,
                                    const Environment& environment,
                                    const std::map<Path, std::string>& texts = {});

// The values that are in files of the workspace: generated, or delivered to a service that runs.
std::vector<std::pair<std::string, Secret>> kept_secrets(const Workspace& workspace);

// The folders of the workspace, private to us.
Result<> prepare(const Workspace& workspace);

// The value of a variable that may be secret: a set variable (from the environment's store as it is
// now), or the generated secret of that name, which is made now if it is not there yet. Errors:
// not_found; those of the file system.
Result<Secret> secret_value(const Workspace& workspace, const config::Stack& stack,
                            const std::string& name);

}  // namespace exai
