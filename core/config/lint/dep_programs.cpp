// DEP006: a healthcheck runs a program that its image has not. What is known about images is the
// table here; of all others nothing is said.

#include <algorithm>
#include <array>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/compose_facts.hpp"
#include "core/config/lint/dep_rules.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

// What an image has not of the programs that healthchecks are written with.
struct Gap {
  std::string_view image;     // the end of its repository: "redis", "distroless/static"
  std::string_view programs;  // separated by blanks
  std::string_view alpine;    // the same for tags with "alpine" in them
};

constexpr std::string_view kAll = "sh bash curl wget nc netcat ncat telnet";
constexpr std::string_view kNet = "curl wget nc netcat ncat telnet";
constexpr std::string_view kAlpine = "curl ncat telnet";

constexpr std::array kGaps = {
    Gap{"alpine", kAlpine, kAlpine},
    Gap{"busybox", "curl bash ncat", "curl bash ncat"},
    Gap{"caddy", kAlpine, kAlpine},
    Gap{"debian", kNet, kNet},
    Gap{"dotnet/aspnet", kNet, kAlpine},
    Gap{"dotnet/runtime", kNet, kAlpine},
    Gap{"haproxy", kNet, kAlpine},
    Gap{"hashicorp/vault", kAlpine, kAlpine},
    Gap{"httpd", kNet, kAlpine},
    Gap{"keycloak/keycloak", kNet, kNet},
    Gap{"mariadb", kNet, kNet},
    Gap{"memcached", kNet, kAlpine},
    Gap{"mongo", kNet, kNet},
    Gap{"nats", kAll, kAlpine},
    Gap{"nginx", "wget nc netcat ncat telnet", "ncat telnet"},
    Gap{"nginx-unprivileged", "wget nc netcat ncat telnet", "ncat telnet"},
    Gap{"ollama/ollama", kNet, kNet},
    Gap{"opentelemetry-collector", kAll, kAll},
    Gap{"opentelemetry-collector-contrib", kAll, kAll},
    Gap{"postgres", kNet, kAlpine},
    Gap{"prom/alertmanager", "curl bash", "curl bash"},
    Gap{"prom/node-exporter", "curl bash", "curl bash"},
    Gap{"prom/prometheus", "curl bash", "curl bash"},
    Gap{"qdrant/qdrant", kNet, kNet},
    Gap{"rabbitmq", kNet, kAlpine},
    Gap{"redis", kNet, "curl bash ncat telnet"},
    Gap{"scratch", kAll, kAll},
    Gap{"traefik", kAlpine, kAlpine},
    Gap{"ubuntu", kNet, kNet},
    Gap{"valkey/valkey", kNet, "curl bash ncat telnet"},
};

// Images of languages: the plain tag has much, -slim and -alpine have little.
constexpr std::array<std::string_view, 8> kLanguages = {"golang", "node", "openjdk", "perl",
                                                        "python", "ruby", "rust",    "erlang"};

// Programs that come with one server, the images that have them, and the packages that bring them.
struct Owned {
  std::string_view program;
  std::string_view images;
  std::string_view packages;
};
constexpr std::array kOwned = {
    Owned{"mongosh", "mongo mongodb", "mongosh mongodb"},
    Owned{"mysqladmin", "mysql mariadb percona", "mysql mariadb"},
    Owned{"pg_isready", "postgres postgis pgvector timescaledb postgresql", "postgresql"},
    Owned{"rabbitmq-diagnostics", "rabbitmq", "rabbitmq"},
    Owned{"redis-cli", "redis valkey redis-stack redis-stack-server keydb", "redis valkey"},
};

bool is_language(const ImageName& image) {
  return image.official() && contains(kLanguages, image.repository);
}

// Programs that the image is known to lack.
std::string_view gap_of(const ImageName& image) {
  const bool alpine = image.tag.find("alpine") != std::string::npos;
  if (image.repository.find("distroless") != std::string::npos)
    return image.tag.find("debug") == std::string::npos ? kAll : std::string_view();
  if (is_language(image)) {
    if (alpine) return "curl bash ncat telnet";
    return image.tag.find("slim") != std::string::npos ? kNet : std::string_view();
  }
  if (image.name() == "nginx" && image.tag.find("slim") != std::string::npos)
    return "curl ncat telnet";
  for (const Gap& gap : kGaps) {
    const bool same = gap.image == image.repository ||
                      (gap.image.find('/') != gap.image.npos &&
                       image.repository.ends_with("/" + std::string(gap.image))) ||
                      (image.name() == gap.image && (gap.image.starts_with("opentelemetry") ||
                                                     gap.image == "nginx-unprivileged"));
    if (same) return alpine ? gap.alpine : gap.programs;
  }
  return {};
}

const Owned* owner_of(std::string_view program) {
  for (const Owned& owned : kOwned)
    if (owned.program == program) return &owned;
  return nullptr;
}

bool is_known(const ImageName& image) {
  return !gap_of(image).empty() || is_language(image);
}

bool lacks(const ImageName& image, std::string_view program) {
  if (image.name() == "mariadb" && program == "mysqladmin") {
    const auto major = parse_integer(image.tag.substr(0, image.tag.find_first_of(".-")));
    return major && *major >= 11;
  }
  if (const Owned* owned = owner_of(program))
    return is_known(image) && !contains(split(owned->images, ' '), image.name());
  return contains(split(gap_of(image), ' '), program);
}

// A Dockerfile that mentions it brings it; one that runs scripts of its own may.
bool may_be_added(const ComposeService& service, std::string_view program) {
  if (!service.build) return false;
  const auto stage = service.image_stage();
  if (!stage) return true;
  std::vector<std::string> hints{std::string(program)};
  if (program == "nc") hints.emplace_back("netcat");
  if (program == "sh" || program == "bash") hints.emplace_back("busybox");
  if (const Owned* owned = owner_of(program))
    for (std::string& package : split(owned->packages, ' ')) hints.push_back(std::move(package));
  const auto mentions = [&](const std::string& text) {
    return std::any_of(hints.begin(), hints.end(),
                       [&](const std::string& hint) { return text.find(hint) != text.npos; });
  };
  for (const DockerCommand& run : stage->runs)
    for (const std::string& word : run.words) {
      const bool unknown = word.find("xargs") != word.npos || word.find(".sh") != word.npos ||
                           word.find("$(") != word.npos || word.find("<<") != word.npos;
      if (unknown || mentions(word)) return true;
    }
  for (const DockerCopy& copy : stage->copies) {
    if (copy.sources.empty() || mentions(copy.target.text)) return true;
    for (const DockerWord& source : copy.sources)
      if (mentions(source.text) || source.text == "/" || source.text.starts_with("/usr"))
        return true;
  }
  return false;
}

std::vector<std::string> programs_of(const HealthTest& test) {
  std::vector<std::string> programs;
  if (test.words.empty()) return programs;
  if (test.words[0] == "CMD-SHELL") programs.emplace_back("sh");
  if (test.words[0] == "CMD" && test.words.size() > 1) programs.push_back(test.words[1]);
  if (const auto text = test.shell())
    if (const auto commands = shell_commands(*text))
      for (const ShellCommand& command : *commands) programs.push_back(command.words.front());
  for (std::string& program : programs)
    for (const std::string_view folder : {"/bin/", "/usr/bin/"})
      if (program.starts_with(folder)) program.erase(0, folder.size());
  return programs;
}

std::string instead(const ImageName& image, std::string_view program, bool built) {
  const std::string name = image.name();
  const bool fetches = program == "curl" || program == "wget" || program == "nc";
  if (!fetches) return built ? "install it in the Dockerfile" : "use a program that the image has";
  if (name == "postgres") return "write test: [\"CMD\", \"pg_isready\"]";
  if (name == "redis" || name == "valkey") return "write test: [\"CMD\", \"redis-cli\", \"ping\"]";
  if (name == "rabbitmq")
    return "write test: [\"CMD\", \"rabbitmq-diagnostics\", \"-q\", \"ping\"]";
  if (name == "ollama") return "write test: [\"CMD\", \"ollama\", \"list\"]";
  if (name == "python")
    return "install it in the Dockerfile, or let Python ask: [\"CMD\", \"python\", \"-c\", "
           "\"import "
           "urllib.request as r; r.urlopen('http://127.0.0.1:8000/')\"]";
  if (name == "node" && program != "wget")
    return "install it in the Dockerfile, or let Node ask: [\"CMD\", \"node\", \"-e\", "
           "\"fetch('http://127.0.0.1:3000/').then(r => process.exit(r.ok ? 0 : 1))\"]";
  if (!contains(split(gap_of(image), ' '), "wget")) return "wget is there: wget -q --spider URL";
  return built ? "install it in the Dockerfile" : "use a program that the image has";
}

std::string said(const ImageName& image) {
  std::string text = image.registry.empty() ? "" : image.registry + "/";
  text += image.repository;
  return printable(image.tag.empty() ? text : text + ":" + image.tag);
}

}  // namespace

void missing_programs(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  OncePerPlace once;
  for (const ComposeService& service : subject.project.compose->services) {
    const auto test = health_test(service);
    const auto image = base_image(service);
    if (!test || !image) continue;
    for (const std::string& program : programs_of(*test)) {
      if (!lacks(*image, program) || may_be_added(service, program) || !once(test->span)) continue;
      Diagnostic& one =
          findings.add("DEP006", program == "sh" ? test->span : narrow(test->span, program),
                       fmt::format("{}'s healthcheck needs {}, which the image {} does not have",
                                   who(service), printable(program), said(*image)),
                       instead(*image, program, service.build.has_value()));
      if (service.image && !service.build)
        one.related.push_back({service.image->span, "the image"});
      one.subject = key_of(service, "healthcheck");
      break;
    }
  }
}

}  // namespace exai::config
