// Compose projects as docker-compose 1.29.2 (Debian's) reads them, beside what we read: each folder
// of tests/data/compose is one. Its `config` prints a Compose file without variables, env_file and
// extends; we read that too, and both must say the same of every service.
//
// It is older than the format. What it does otherwise is kept out of these folders, and follows
// compose-go in the unit tests: ${NAME:+x} and references inside of defaults are refused; 1e3 and
// 0o17 are texts, 12:30 is 750; env_file values expand ${NAME} alone, and not from .env; long
// healthcheck times are turned over into other units; `name:`, include, !reset and !override are
// unknown.
#include <fmt/core.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/base/os.hpp"
#include "core/config/compose.hpp"
#include "tests/support/support.hpp"

namespace exai::config {

namespace {

const Path kProjects = Path(EXAI_REPOSITORY) / "tests/data/compose";

std::string joined(std::vector<std::string> parts) {
  std::sort(parts.begin(), parts.end());
  std::string text;
  for (const std::string& part : parts) text += "    " + part + "\n";
  return text;
}

std::string words(const std::optional<ComposeCommand>& command) {
  std::string text;
  if (command)
    for (const std::string& word : command->words) text += "[" + word + "]";
  return text;
}

std::string environment(const ComposeService& service) {
  std::vector<std::string> lines;
  for (const EffectiveVariable& one : effective_environment(service))
    lines.push_back(one.name + "=" + one.winner().value.value_or("(none)"));
  return joined(lines);
}

std::string ports(const ComposeService& service) {
  std::vector<std::string> lines;
  for (const ComposePort& port : service.ports)
    lines.push_back(fmt::format("{} {} {} {}", port.host_ip, port.host ? port.host->first : 0,
                                port.container.first, port.protocol));
  return joined(lines);
}

std::string mounts(const ComposeService& service) {
  std::vector<std::string> lines;
  for (const ComposeMount& mount : service.volumes)
    lines.push_back(fmt::format("{} {} {} {}", mount.type,
                                mount.type == "bind" ? mount.host_path.string() : mount.source,
                                mount.target, mount.read_only));
  return joined(lines);
}

std::string needs(const ComposeService& service) {
  std::vector<std::string> lines;
  for (const ComposeDependency& need : service.depends_on)
    lines.push_back(fmt::format("{} {}", need.service, static_cast<int>(need.condition)));
  return joined(lines);
}

std::string health(const ComposeService& service) {
  if (!service.healthcheck) return "none";
  const ComposeHealthcheck& check = *service.healthcheck;
  if (check.disabled) return "disabled";
  std::string text;
  for (const std::string& word : check.test) text += "[" + word + "]";
  const auto time = [](const auto& duration) { return duration ? duration->value.count() : -1; };
  return text + fmt::format(" {} {} {} {}", time(check.interval), time(check.timeout),
                            time(check.start_period), check.retries ? check.retries->value : -1);
}

std::string rest(const ComposeService& service) {
  const auto text = [](const std::optional<PlacedText>& one) { return one ? one->value : "-"; };
  std::string all =
      fmt::format("  image {} restart {} user {} hostname {} read_only {} memory {} grace {}\n",
                  text(service.image), text(service.restart), text(service.user),
                  text(service.hostname), service.read_only && service.read_only->value,
                  service.limits.memory ? service.limits.memory->value : 0,
                  service.stop_grace_period ? service.stop_grace_period->value.count() : -1);
  if (service.build)
    all += fmt::format("  build {} {} {}\n", service.build->folder.string(),
                       service.build->file.string(), service.build->target);
  for (const auto& [name, label] : service.labels)
    all += "  label " + name + "=" + label.value + "\n";
  std::vector<std::string> networks;
  for (const PlacedText& network : service.networks) networks.push_back(network.value);
  all += "  networks\n" + joined(networks);
  for (const ComposeGrant& grant : service.secrets)
    all += "  secret " + grant.source + " " + grant.target + "\n";
  if (service.logging)
    for (const auto& [name, option] : service.logging->options)
      all += "  log " + name + "=" + option.value + "\n";
  return all;
}

std::string summary(const ComposeProject& project) {
  std::vector<std::string> services;
  for (const ComposeService& service : project.services)
    services.push_back(service.name + "\n" + rest(service) + "  command " + words(service.command) +
                       "\n  entrypoint " + words(service.entrypoint) + "\n  health " +
                       health(service) + "\n  environment\n" + environment(service) + "  ports\n" +
                       ports(service) + "  mounts\n" + mounts(service) + "  needs\n" +
                       needs(service));
  return joined(services);
}

std::string summary_of(const ComposeRequest& request) {
  Facilities world;
  world.read = [](const Path& path) { return read_file(path); };
  const ComposeProject project = load_compose(request, world);
  CHECK(render(project.diagnostics) == "");
  return summary(project);
}

std::vector<Path> projects() {
  std::vector<Path> found;
  for (const auto& entry : std::filesystem::directory_iterator(kProjects))
    found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

TEST_CASE("projects are read as docker-compose reads them") {
  const Path folder = GENERATE(from_range(projects()));
  INFO(folder.string());
  exai::test::Command command;
  command.arguments = {"docker-compose", "config"};
  command.directory = folder;
  const exai::test::Outcome theirs = exai::test::run(command);
  INFO(theirs.err);
  REQUIRE(theirs.exit == 0);

  const exai::test::TempDir output;
  ComposeRequest request;
  request.folder = folder;
  const std::string ours = summary_of(request);
  request.folder = output.path();
  request.files = {output.write("compose.yaml", theirs.out)};
  CHECK(ours == summary_of(request));
}

}  // namespace exai::config
