#pragma once
// What several rules want to know about a Compose project beyond what its files say: what an
// image's name means, which services run to an end, what a healthcheck runs, which hosts a value
// names. And how findings about many services stay few. For the files of rules; pure, linear in
// what is asked.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/config/compose.hpp"
#include "core/config/lint/rules.hpp"

namespace exai::config {

// --- images ---

// "registry.example:5000/team/app:1.2@sha256:…" in its parts.
struct ImageName {
  std::string registry;    // empty: Docker Hub
  std::string repository;  // "redis", "team/app"
  std::string tag;         // empty: none, which means latest
  std::string digest;
  // One of Docker's official images: none of these has a HEALTHCHECK, that is their policy.
  bool official() const { return registry.empty() && repository.find('/') == std::string::npos; }
  // The last part: "redis" for "bitnami/redis" too.
  std::string name() const { return repository.substr(repository.rfind('/') + 1); }
};
ImageName parse_image(std::string_view text);

// The image a service runs, or the one that its Dockerfile begins with. None: not known.
std::optional<ImageName> base_image(const ComposeService& service);

// --- services ---

using ServiceNames = std::set<std::string_view>;

// Services that run once and end (migrations, initialisation): somebody waits for their end, they
// say restart: "no", or they are called like one.
ServiceNames jobs_of(const ComposeProject& project);

using ServiceIndex = std::unordered_map<std::string_view, const ComposeService*>;
ServiceIndex index_of(const ComposeProject& project);
const ComposeService* find_service(const ServiceIndex& index, std::string_view name);

std::string who(const ComposeService& service);  // the name, fit for a message
// "a, b, c and 40 more"
std::string some_of(const std::vector<std::string>& names);

// Whether some source gives the service such a variable. Much cheaper than to ask who wins for all
// of them: a service may have hundreds.
template <class Test>
bool has_variable(const ComposeService& service, const Test& test) {
  for (const ComposeVariable& variable : service.environment)
    if (variable.value && test(variable.name, *variable.value)) return true;
  for (const ComposeEnvFile& file : service.env_files)
    for (const DotenvEntry& entry : file.entries)
      if (entry.value && test(entry.key, *entry.value)) return true;
  if (!service.build || !service.build->parsed) return false;
  for (const DockerStage& stage : service.build->parsed->stages)
    for (const DockerVariable& variable : stage.environment)
      if (test(variable.name, variable.value)) return true;
  return false;
}

// A key of the service as one of the files has it, in the service itself: not what comes from an
// anchor, a merge key or `extends`. Where edits may be made. None when it is not there.
const Member* own_member(const ComposeProject& project, const ComposeService& service,
                         std::string_view key);

// "services.NAME.KEY"
std::string key_of(const ComposeService& service, std::string_view key);

// The fix says that this key of the service is another one afterwards. No text: it is gone, or no
// single value.
Change change_of(const ComposeService& service, std::string_view key, std::string after = "");
Change removal_of(std::string key);

// --- healthchecks ---

// What Docker runs for a service: the test of the files over that of the Dockerfile.
struct HealthTest {
  std::vector<std::string> words;  // "CMD" and words, or "CMD-SHELL" and one text
  Span span;
  // The text that a shell reads; none when there is no shell.
  std::optional<std::string> shell() const;
};
std::optional<HealthTest> health_test(const ComposeService& service);

enum class Known { yes, no, maybe };
// Maybe: the image is not known well enough to say.
Known has_healthcheck(const ComposeService& service);

// --- shell ---

// One simple command of a shell text, and what stands before it: "", ";", "&&", "||", "|", "&".
struct ShellCommand {
  std::string before;
  std::vector<std::string> words;  // without quotes
  bool redirected = false;         // to or from a file other than /dev/null
};
// None when the text has more in it than a list of commands: (…), {…}, if, `…`, $(…).
std::optional<std::vector<ShellCommand>> shell_commands(std::string_view text);

// --- hosts ---

struct HostUse {
  std::string scheme;  // in lower case; empty in "host:port"
  std::string host;
  std::optional<int> port;
};
// The hosts of URLs and of "host:port" lists.
std::vector<HostUse> hosts_in(std::string_view value);
// Where the host stands in the value; the whole value when it is not there as it is.
Span span_of_host(const Span& value, const HostUse& use);

// --- places ---

// Whether `inner` begins in `outer`.
bool is_within(const Span& inner, const Span& outer);
// Whether it is this folder or below it, by their names; both are absolute.
bool is_within(const Path& inner, const Path& folder);

// --- findings ---

// Something that a service has not. One or two services are told one by one; more are one finding
// at the first, the others beside it: a missing habit is one thing to mend, not twenty.
struct Lack {
  const ComposeService* service = nullptr;
  std::string what;  // "has no memory limit"
  std::vector<Edit> edits = {};
  std::vector<Change> changes = {};  // that the edits make
};
struct LackText {
  std::string_view code;
  std::string_view several;  // "have no memory limit"
  std::string_view subject;  // what of the service: "mem_limit"
  std::string help;
  std::string fix;  // the title of the fix, when there are edits
};
void report_lacks(const LackText& text, const std::vector<Lack>& lacks, Findings& findings);

// True the first time: what an anchor or extends gives to many services is told once.
class OncePerPlace {
 public:
  bool operator()(const Span& span) {
    return !span || seen_.emplace(span.source.get(), span.begin).second;
  }

 private:
  std::set<std::pair<const Source*, Position>> seen_;
};

}  // namespace exai::config
