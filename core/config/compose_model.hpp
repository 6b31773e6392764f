#pragma once
// A Compose project as values: what Docker Compose would run, with the place of every word. Made by
// load_compose (compose.hpp); rules only read it. Short and long forms are one form here; `node`
// of a service has the rest of what the files say.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/config/dockerfile.hpp"
#include "core/config/dotenv.hpp"
#include "core/config/settings.hpp"
#include "core/config/tree.hpp"

namespace exai::config {

// A value and where it is written.
template <class T>
struct Placed {
  T value{};
  Span span;
};
using PlacedText = Placed<std::string>;

// --- environment ---

// One source gives a variable a value. Values may be secret: they are for comparing, not printing.
struct ComposeVariable {
  enum class Origin { environment, env_file, image };
  std::string name;
  std::optional<std::string> value;  // none: a bare name that the project's environment has not
  bool inherited = false;            // a bare name
  Origin origin = Origin::environment;
  std::string file;  // env_file: its path as written; image: the Dockerfile's
  Span name_span;
  Span value_span;
};

// Somebody's final say about a name, the winner first.
struct EffectiveVariable {
  std::string name;
  std::vector<ComposeVariable> chain;
  const ComposeVariable& winner() const { return chain.front(); }
};

struct ComposeEnvFile {
  std::string path;  // as written, references replaced
  Path file;         // absolute
  bool required = true;
  bool raw = false;  // format: raw, as `docker run --env-file` reads
  bool found = false;
  Span span;
  SourcePtr source;                  // when found
  std::vector<DotenvEntry> entries;  // of which the last of a name counts
};

// --- parts of a service ---

struct PortRange {
  int first = 0;
  int last = 0;
  friend auto operator<=>(const PortRange&, const PortRange&) = default;
};

struct ComposePort {
  std::string host_ip;            // as written, without []; empty: all interfaces
  std::optional<PortRange> host;  // none: Docker chooses
  PortRange container;
  std::string protocol = "tcp";
  std::string mode;  // "ingress" and "host" of the long form
  Span span;         // the whole entry
  Span host_span;    // the published port; whole entry when there is none
  Span container_span;
};

struct ComposeMount {
  std::string type;    // bind, volume, tmpfs, npipe, cluster, image
  std::string source;  // as written; empty: anonymous
  Path host_path;      // of a bind, absolute
  std::string target;
  bool read_only = false;
  bool create_host_path = true;  // a bind whose source is missing becomes a directory
  Span span;
  Span source_span;
  Span target_span;
};

enum class ComposeCondition { started, healthy, completed };

struct ComposeDependency {
  std::string service;
  ComposeCondition condition = ComposeCondition::started;
  bool required = true;
  bool short_form = false;  // depends_on: [name]
  Span span;                // the name
  Span condition_span;      // the value of `condition:`; the name when there is none
};

struct ComposeHealthcheck {
  bool disabled = false;          // disable: true, or test: NONE
  std::vector<std::string> test;  // CMD and words, or CMD-SHELL and one text; empty: not given
  Span test_span;
  std::optional<Placed<Duration>> interval, timeout, start_period, start_interval;
  std::optional<Placed<std::int64_t>> retries;
  Span span;  // of the key
};

// command, entrypoint: always words; a text is split as a shell would, without expanding anything.
struct ComposeCommand {
  std::vector<std::string> words;
  bool text = false;   // written as one text
  bool reset = false;  // empty: the image's own is taken away
  Span span;
};

struct ComposeBuild {
  PlacedText context;
  Path folder;            // absolute; empty for a context that is no folder (git, http)
  PlacedText dockerfile;  // as written, or "Dockerfile" with an empty span
  Path file;              // absolute
  bool inline_dockerfile = false;
  std::string target;
  std::map<std::string, PlacedText> arguments;
  std::optional<Dockerfile> parsed;  // when it could be read
  Span span;
};

// secrets and configs of a service
struct ComposeGrant {
  std::string source;
  std::string target;
  Span span;
  Span ownership_span;  // the first of uid, gid and mode, which files ignore
};

struct ComposeLogging {
  PlacedText driver;
  std::map<std::string, PlacedText> options;
  Span span;
};

// mem_limit, cpus, pids_limit, or deploy.resources.limits
struct ComposeLimits {
  std::optional<Placed<std::uint64_t>> memory;       // bytes
  std::optional<Placed<std::uint64_t>> reservation;  // bytes
  std::optional<Placed<double>> cpus;
  std::optional<Placed<std::int64_t>> pids;
};

struct ComposeService {
  std::string name;
  Span span;  // of the name
  Node node;  // a table: merged from all files, extends, merge keys; references replaced
  std::vector<PlacedText> extends;  // the services it is made from, nearest first

  std::optional<PlacedText> image;
  std::optional<ComposeBuild> build;
  std::vector<ComposeVariable> environment;  // environment: alone
  std::vector<ComposeEnvFile> env_files;     // in order: later ones win
  std::vector<ComposePort> ports;
  std::vector<Placed<PortRange>> expose;
  std::vector<ComposeMount> volumes;
  std::vector<PlacedText> tmpfs;
  std::vector<ComposeDependency> depends_on;
  std::optional<ComposeHealthcheck> healthcheck;  // of the files, not of the image
  std::vector<PlacedText> profiles;
  std::vector<PlacedText> networks;  // names as the top level has them; "default" when none given
  std::vector<ComposeGrant> secrets, configs;
  std::optional<PlacedText> restart;
  std::optional<PlacedText> restart_policy;  // deploy.restart_policy.condition
  std::optional<ComposeLogging> logging;
  ComposeLimits limits;
  std::optional<ComposeCommand> command, entrypoint;
  std::optional<PlacedText> container_name, hostname, user, network_mode, stop_signal;
  std::vector<PlacedText> cap_add, cap_drop, security_opt;
  std::optional<Placed<bool>> read_only, privileged, init;
  std::optional<Placed<Duration>> stop_grace_period;
  std::map<std::string, PlacedText> labels;  // those of label_files among them
  std::vector<ComposeEnvFile> label_files;   // later ones win; labels: wins over all
  std::int64_t replicas = 1;                 // scale, deploy.replicas

  bool enabled = true;  // no profile, or one that is active

  // The stage that its Dockerfile ends with, everything inherited inside the file included.
  std::optional<DockerStage> image_stage() const;
};

// --- the project ---

// A top-level volume, network, secret or config.
struct ComposeResource {
  std::string name;
  bool external = false;
  std::optional<PlacedText> real_name;  // name:
  std::optional<PlacedText> driver;
  std::optional<PlacedText> file;         // secrets, configs
  Path path;                              // of `file`, absolute
  std::optional<PlacedText> environment;  // secrets, configs
  Span span;                              // of the name
  Node node;
};

// A ${…} in a Compose file.
struct ComposeReference {
  enum class From { nothing, shell, env_file };
  std::string name;
  std::string action;   // "", ":-", "-", ":+", "+", ":?", "?"
  bool nested = false;  // inside another one's braces
  bool used = true;     // false: inside an alternative that is not taken
  std::optional<std::string> value;
  From from = From::nothing;
  Span defined_at;  // in the .env file
  Span span;        // from the dollar to the end
};

struct ComposeFile {
  SourcePtr source;
  Path path;  // absolute
  Node tree;  // as written, aliases, merge keys and references replaced; a table
};

struct ComposeProject {
  std::string name;  // name:, COMPOSE_PROJECT_NAME, or the folder's
  Span name_span;
  Path folder;
  std::vector<ComposeFile> files;         // the first, then what overrides it
  std::vector<ComposeFile> other_files;   // read for extends and include
  std::vector<ComposeEnvFile> env_files;  // .env, --env-file: they feed ${…} in the files
  std::vector<ComposeService> services;   // in order of first mention; disabled ones too
  std::map<std::string, std::size_t, std::less<>> by_name;  // where in `services`
  std::vector<ComposeResource> volumes, networks, secrets, configs;
  std::vector<ComposeReference> references;
  Node root;                // the merged whole, a table; null when no file could be read
  Diagnostics diagnostics;  // CMP001…CMP004, CMP017, DEP001, ENV…: found while reading

  const ComposeService* find(std::string_view service) const;
};

}  // namespace exai::config
