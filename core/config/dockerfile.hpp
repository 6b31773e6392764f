#pragma once
// Dockerfiles as far as a configuration depends on them: stages, and the instructions that say what
// an image listens on, runs, sets and copies; each with its place. Nothing is built or fetched.
//
// Read as BuildKit reads them: `# escape=` and `# syntax=` directives, comments, continued lines,
// here-documents. ARG and ENV are expanded where Docker expands them ($NAME, ${NAME}, ${NAME:-x},
// ${NAME:+x}, \$); an ARG counts with its default, or with the argument that the caller gives.
// Never throws; what cannot be read is a diagnostic and the rest is read on.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/diagnostics.hpp"

namespace exai::config {

// One word of an instruction, expanded, and where it is written.
struct DockerWord {
  std::string text;
  Span span;
};

struct DockerVariable {
  std::string name;
  std::string value;
  Span name_span;
  Span value_span;
};

struct DockerPort {  // EXPOSE 8080/tcp, EXPOSE 7000-7005
  int first = 0;
  int last = 0;
  std::string protocol = "tcp";
  Span span;
};

struct DockerCopy {  // COPY and ADD
  bool add = false;
  std::string from;  // --from=: a stage, an image or a context; empty: the build context
  std::vector<DockerWord> sources;  // none for here-documents
  DockerWord target;
  Span span;
};

// CMD, ENTRYPOINT, HEALTHCHECK CMD: `words` as exec form gives them; one word for shell form.
struct DockerCommand {
  bool shell = false;
  std::vector<std::string> words;
  Span span;
};

struct DockerHealthcheck {
  bool none = false;  // HEALTHCHECK NONE
  DockerCommand command;
  std::map<std::string, std::string> options;  // "interval" → "30s"
  Span span;
};

struct DockerStage {
  DockerWord base;                          // FROM's image, or the stage that it names
  std::string name;                         // AS name, in lower case
  Span span;                                // of the FROM line
  std::vector<DockerVariable> environment;  // ENV, in order; the last of a name counts
  std::vector<DockerVariable> arguments;    // ARG, with the value that counts
  std::vector<DockerPort> ports;
  std::vector<DockerCopy> copies;
  std::vector<DockerCommand> runs;
  std::optional<DockerWord> user;
  std::optional<DockerHealthcheck> healthcheck;
  std::optional<DockerCommand> command;
  std::optional<DockerCommand> entrypoint;
  std::optional<DockerWord> stop_signal;
};

struct Dockerfile {
  SourcePtr source;
  std::vector<DockerStage> stages;
  Diagnostics diagnostics;  // CMP003: an instruction that Docker would refuse

  // The stage that a build makes: the named one (or its number), else the last. None: no such.
  const DockerStage* stage(const std::string& target = {}) const;
  // What an image of the stage has of the file: its own instructions over those of the stages that
  // it is FROM. `base` is then the first image that is no stage.
  DockerStage whole(const DockerStage& stage) const;
};

Dockerfile parse_dockerfile(const SourcePtr& source,
                            const std::map<std::string, std::string>& arguments = {});

}  // namespace exai::config
