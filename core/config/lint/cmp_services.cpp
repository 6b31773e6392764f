// CMP005, CMP010, CMP014, CMP016, CMP018: what a service should say about its image, its end, its
// memory, its rights and its name.

#include <algorithm>
#include <array>

#include "core/base/ascii.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/cmp_rules.hpp"
#include "core/config/lint/compose_facts.hpp"
#include "core/config/lint/yaml_edits.hpp"

namespace exai::config {

namespace {

// --- CMP005 ---

// "16", "v3", "7-alpine", not "16.4" and not a build number.
bool is_major_only(std::string_view tag) {
  if (tag.starts_with('v')) tag.remove_prefix(1);
  const std::string_view number = tag.substr(0, tag.find('-'));
  return !number.empty() && number.size() <= 2 &&
         std::all_of(number.begin(), number.end(), is_digit);
}

// Whatever was pushed last.
bool is_moving(std::string_view tag) {
  constexpr std::array<std::string_view, 7> kTags = {"canary", "dev",    "develop", "edge",
                                                     "main",   "master", "nightly"};
  return tag.empty() || tag == "latest" || tag.starts_with("latest-") || contains(kTags, tag);
}

std::set<std::string_view> built_here(const ComposeProject& project) {
  std::set<std::string_view> names;
  for (const ComposeService& service : project.services)
    if (service.build && service.image) names.insert(service.image->value);
  return names;
}

void report_image(const ComposeService& service, const ImageName& image, Findings& findings) {
  const bool latest = is_moving(image.tag);
  if (!latest && !is_major_only(image.tag)) return;
  const bool filled_in = text_at(service.image->span).find('$') != std::string_view::npos;
  const std::string what =
      image.tag.empty() ? "no tag, which means latest" : fmt::format("the tag \"{}\"", image.tag);
  Diagnostic& one =
      findings.add("CMP005", service.image->span,
                   fmt::format("{}'s image has {}: another day, another {}", who(service), what,
                               latest ? "program" : "minor version"),
                   latest ? fmt::format("name the version that you have tested: {}:<version>",
                                        printable(image.repository))
                          : fmt::format("name the minor version too, such as \"{}\"",
                                        image.tag.substr(0, image.tag.find('-')) + ".<minor>" +
                                            (image.tag.find('-') == image.tag.npos
                                                 ? ""
                                                 : image.tag.substr(image.tag.find('-')))));
  one.subject = key_of(service, "image");
  if (!latest || filled_in) one.severity = Severity::info;
}

// --- CMP010 ---

bool restarts(const ComposeService& service) {
  return service.restart.has_value() || service.restart_policy.has_value();
}

bool rotates_logs(const ComposeService& service) {
  if (!service.logging) return false;
  const std::string& driver = service.logging->driver.value;
  if (!driver.empty() && driver != "json-file") return true;  // limits itself, or sends it away
  return service.logging->options.contains("max-size");
}

std::string unattended(const ComposeService& service) {
  if (!restarts(service) && !rotates_logs(service))
    return "stays down when it fails, and its log grows without end";
  return restarts(service) ? "has a log that grows without end" : "stays down when it fails";
}

// What mends it, as lines of the service's own.
void attend(const ComposeService& service, Lack& lack) {
  constexpr std::string_view kRestart = "unless-stopped";
  if (service.logging && !rotates_logs(service)) return;
  std::vector<std::string> lines;
  if (!restarts(service)) {
    lines.push_back(fmt::format("restart: {}", kRestart));
    lack.changes.push_back(change_of(service, "restart", std::string(kRestart)));
  }
  if (!service.logging) {
    lines.insert(lines.end(), {"logging:", "  driver: json-file",
                               "  options: { max-size: \"10m\", max-file: \"3\" }"});
    lack.changes.push_back(change_of(service, "logging"));
  }
  if (auto edit = first_in_block(service.span, lines)) lack.edits.push_back(std::move(*edit));
}

std::string attendance_help(const std::vector<Lack>& lacks) {
  const bool no_restart = std::any_of(lacks.begin(), lacks.end(),
                                      [](const Lack& lack) { return !restarts(*lack.service); });
  const bool no_rotation = std::any_of(
      lacks.begin(), lacks.end(), [](const Lack& lack) { return !rotates_logs(*lack.service); });
  std::string help = no_restart ? "write restart: unless-stopped" : "";
  if (no_rotation)
    help += std::string(help.empty() ? "write " : ", and ") +
            "logging: { driver: json-file, options: { max-size: 10m, max-file: \"3\" } }";
  return help;
}

// --- CMP016 ---

bool is_root(std::string_view user) {
  const std::string_view name = user.substr(0, user.find(':'));
  return name == "root" || name == "0";
}

bool says_user(const ComposeService& service) {
  if (service.user) return !is_root(service.user->value);
  const auto stage = service.image_stage();
  return stage && stage->user && !is_root(stage->user->text);
}

bool has_no_new_privileges(const ComposeService& service) {
  return std::any_of(
      service.security_opt.begin(), service.security_opt.end(), [](const PlacedText& option) {
        return option.value.starts_with("no-new-privileges") && !option.value.ends_with("false");
      });
}

// One of them shows that somebody has thought about it; which of them fit depends on the program.
bool is_confined(const ComposeService& service) {
  return says_user(service) || (service.read_only && service.read_only->value) ||
         !service.cap_drop.empty() || has_no_new_privileges(service);
}

void report_explicit_root(const ComposeService& service, Findings& findings) {
  if (service.privileged && service.privileged->value)
    findings
        .add("CMP016", service.privileged->span,
             fmt::format("{} is privileged: it may do to this machine what root may", who(service)),
             "give it the devices and capabilities that it needs: devices, cap_add")
        .subject = key_of(service, "privileged");
  else if (service.user && is_root(service.user->value) && !has_no_new_privileges(service) &&
           service.cap_drop.empty())
    findings
        .add("CMP016", service.user->span,
             fmt::format("{} runs as root with all its rights", who(service)),
             "write user: \"1000:1000\", or cap_drop: [ALL] and security_opt: "
             "[\"no-new-privileges:true\"]")
        .subject = key_of(service, "user");
}

bool told_explicitly(const ComposeService& service) {
  return (service.privileged && service.privileged->value) ||
         (service.user && is_root(service.user->value));
}

// --- CMP018 ---

// Words that variables name hosts by: somebody may call a container by one of them.
std::set<std::string> hosts_called(const ComposeProject& project) {
  std::set<std::string> names;
  std::set<const Source*> read;
  const auto note = [&](const std::optional<std::string>& value) {
    if (!value || value->empty()) return;
    names.insert(*value);
    for (HostUse& use : hosts_in(*value)) names.insert(std::move(use.host));
  };
  for (const ComposeService& service : project.services) {
    for (const ComposeVariable& variable : service.environment) note(variable.value);
    for (const ComposeEnvFile& file : service.env_files)
      if (read.insert(file.source.get()).second)
        for (const DotenvEntry& entry : file.entries) note(entry.value);
  }
  return names;
}

}  // namespace

void moving_images(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const auto own = built_here(*subject.project.compose);
  OncePerPlace once;
  for (const ComposeService& service : subject.project.compose->services) {
    if (!service.image || service.build || service.image->value.empty()) continue;
    if (own.contains(service.image->value)) continue;
    const ImageName image = parse_image(service.image->value);
    // What a variable has left empty is told where the variable is: CMP004.
    const bool fixed = !image.digest.empty() || image.repository.empty() ||
                       service.image->value.ends_with(':') ||
                       service.image->value.find('$') != std::string::npos;
    if (!fixed && once(service.image->span)) report_image(service, image, findings);
  }
}

void unattended_services(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const ServiceNames jobs = jobs_of(*subject.project.compose);
  std::vector<Lack> lacks;
  for (const ComposeService& service : subject.project.compose->services) {
    if (!service.enabled || jobs.contains(service.name)) continue;
    if (restarts(service) && rotates_logs(service)) continue;
    attend(service, lacks.emplace_back(Lack{&service, unattended(service), {}, {}}));
  }
  if (lacks.empty()) return;
  const bool alike = std::all_of(lacks.begin(), lacks.end(),
                                 [&](const Lack& lack) { return lack.what == lacks.front().what; });
  std::string_view several = "stay down when they fail, or their logs grow without end";
  if (alike && !restarts(*lacks.front().service))
    several = rotates_logs(*lacks.front().service)
                  ? "stay down when they fail"
                  : "stay down when they fail, and their logs grow without end";
  else if (alike)
    several = "have logs that grow without end";
  report_lacks(
      {"CMP010", several, "restart", attendance_help(lacks), "restart them and rotate their logs"},
      lacks, findings);
}

void unlimited_memory(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const ServiceNames jobs = jobs_of(*subject.project.compose);
  std::vector<Lack> lacks;
  for (const ComposeService& service : subject.project.compose->services)
    if (service.enabled && !service.limits.memory && !jobs.contains(service.name))
      lacks.push_back(
          {&service, "has no memory limit: one leak takes the whole machine with it", {}, {}});
  if (lacks.empty()) return;
  report_lacks(
      {"CMP014", "have no memory limit: one leak takes the whole machine with it", "mem_limit",
       "write mem_limit: 512m, or deploy: { resources: { limits: { memory: "
       "512m } } }",
       ""},
      lacks, findings);
}

void unneeded_rights(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  const ServiceNames jobs = jobs_of(*subject.project.compose);
  std::vector<Lack> lacks;
  for (const ComposeService& service : subject.project.compose->services) {
    report_explicit_root(service, findings);
    if (!service.enabled || told_explicitly(service) || jobs.contains(service.name)) continue;
    if (!is_confined(service))
      lacks.push_back({&service, "runs with all the rights that Docker gives", {}, {}});
  }
  if (lacks.empty()) return;
  report_lacks({"CMP016", "run with all the rights that Docker gives", "security_opt",
                "write what fits of user: \"1000:1000\", read_only: true, cap_drop: [ALL], "
                "security_opt: [\"no-new-privileges:true\"]",
                ""},
               lacks, findings);
}

void fixed_names(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose == nullptr) return;
  OncePerPlace once;
  std::optional<std::set<std::string>> called;
  for (const ComposeService& service : subject.project.compose->services) {
    if (!service.container_name || !once(service.container_name->span)) continue;
    Diagnostic& one = findings.add(
        "CMP018", service.container_name->span,
        fmt::format("{} has a fixed container name: it cannot run twice, nor beside another "
                    "project that uses the name",
                    who(service)),
        "leave container_name out; docker compose exec and logs take the service's name");
    one.subject = key_of(service, "container_name");
    const bool alone = service.node.table() != nullptr && service.node.table()->size() < 2;
    if (!called) called = hosts_called(*subject.project.compose);
    if (alone || called->contains(service.container_name->value)) continue;
    const Member* member = own_member(*subject.project.compose, service, "container_name");
    if (member == nullptr) continue;
    if (auto edit = without_line(member->key_span)) {
      Fix fix;
      fix.title = "take container_name away";
      fix.edits.push_back(std::move(*edit));
      fix.changes.push_back(removal_of(key_of(service, "container_name")));
      one.fix = std::move(fix);
    }
  }
}

}  // namespace exai::config
