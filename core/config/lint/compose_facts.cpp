#include "core/config/lint/compose_facts.hpp"

#include <algorithm>
#include <array>

#include "core/base/ascii.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/formats.hpp"
#include "core/config/places.hpp"

namespace exai::config {

ImageName parse_image(std::string_view text) {
  ImageName image;
  if (const auto at = text.find('@'); at != text.npos) {
    image.digest = text.substr(at + 1);
    text = text.substr(0, at);
  }
  const auto slash = text.rfind('/');
  const auto colon = text.rfind(':');
  if (colon != text.npos && (slash == text.npos || colon > slash)) {
    image.tag = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  const auto first = text.find('/');
  const std::string_view head = text.substr(0, first == text.npos ? 0 : first);
  if (head == "localhost" || head.find_first_of(".:") != head.npos) {
    if (head != "docker.io" && head != "index.docker.io") image.registry = head;
    text.remove_prefix(first + 1);
  }
  if (image.registry.empty() && text.starts_with("library/")) text.remove_prefix(8);
  image.repository = text;
  return image;
}

std::optional<ImageName> base_image(const ComposeService& service) {
  if (service.build) {
    const auto stage = service.image_stage();
    if (!stage || stage->base.text.empty() || stage->base.text.find('$') != std::string::npos)
      return std::nullopt;
    return parse_image(stage->base.text);
  }
  if (!service.image || service.image->value.empty()) return std::nullopt;
  return parse_image(service.image->value);
}

namespace {

bool sounds_like_a_job(std::string_view name) {
  constexpr std::array<std::string_view, 9> kWords = {"migrate",   "migration", "migrations",
                                                      "init",      "setup",     "seed",
                                                      "bootstrap", "job",       "createdb"};
  std::string words = to_lower(name);
  std::replace(words.begin(), words.end(), '_', '-');
  const auto parts = split(words, '-');
  return std::any_of(parts.begin(), parts.end(),
                     [&](const std::string& part) { return contains(kWords, part); });
}

}  // namespace

ServiceNames jobs_of(const ComposeProject& project) {
  ServiceNames jobs;
  for (const ComposeService& service : project.services) {
    const bool never = service.restart
                           ? service.restart->value == "no"
                           : service.restart_policy && service.restart_policy->value == "none";
    if (never || sounds_like_a_job(service.name)) jobs.insert(service.name);
    for (const ComposeDependency& dependency : service.depends_on)
      if (dependency.condition == ComposeCondition::completed) jobs.insert(dependency.service);
  }
  return jobs;
}

std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 12;
  const std::size_t shown = std::min(names.size(), kMost);
  std::string text = printable(join(std::span(names).first(shown), ", "));
  if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

ServiceIndex index_of(const ComposeProject& project) {
  ServiceIndex index;
  for (const ComposeService& service : project.services) index.emplace(service.name, &service);
  return index;
}

const ComposeService* find_service(const ServiceIndex& index, std::string_view name) {
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

std::string who(const ComposeService& service) {
  return printable(service.name);
}

std::string key_of(const ComposeService& service, std::string_view key) {
  return fmt::format("services.{}.{}", service.name, key);
}

Change change_of(const ComposeService& service, std::string_view key, std::string after) {
  return {key_of(service, key), std::nullopt, std::move(after)};
}

Change removal_of(std::string key) {
  return {std::move(key), std::nullopt, std::nullopt};
}

const Member* own_member(const ComposeProject& project, const ComposeService& service,
                         std::string_view key) {
  for (const ComposeFile& file : project.files) {
    const Node* services = file.tree.find("services");
    const Member* here = services == nullptr ? nullptr : services->member(service.name);
    const Member* member = here == nullptr ? nullptr : here->value.member(key);
    // What is merged in stands in front: an anchor comes before its use.
    if (member != nullptr && member->key_span.source == here->key_span.source &&
        member->key_span.begin > here->key_span.begin)
      return member;
  }
  return nullptr;
}

// --- healthchecks ---

namespace {

bool is_shell(std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  return name == "sh" || name == "bash" || name == "ash" || name == "dash" || name == "zsh";
}

}  // namespace

std::optional<std::string> HealthTest::shell() const {
  if (words.size() >= 2 && words[0] == "CMD-SHELL") return words[1];
  if (words.size() >= 4 && words[0] == "CMD" && is_shell(words[1]) && words[2].starts_with('-') &&
      words[2].ends_with('c'))
    return words[3];
  return std::nullopt;
}

std::optional<HealthTest> health_test(const ComposeService& service) {
  if (service.healthcheck) {
    if (service.healthcheck->disabled) return std::nullopt;
    if (!service.healthcheck->test.empty())
      return HealthTest{service.healthcheck->test, service.healthcheck->test_span};
  }
  const auto stage = service.image_stage();
  if (!stage || !stage->healthcheck || stage->healthcheck->none) return std::nullopt;
  const DockerCommand& command = stage->healthcheck->command;
  HealthTest test{{command.shell ? "CMD-SHELL" : "CMD"}, command.span};
  test.words.insert(test.words.end(), command.words.begin(), command.words.end());
  return test;
}

Known has_healthcheck(const ComposeService& service) {
  if (health_test(service)) return Known::yes;
  if (service.healthcheck && service.healthcheck->disabled) return Known::no;
  if (const auto stage = service.image_stage(); stage && stage->healthcheck) return Known::no;
  const auto base = base_image(service);
  return base && base->official() ? Known::no : Known::maybe;
}

// --- hosts ---

namespace {

bool is_host_character(char c) {
  return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
}

std::optional<HostUse> host_port(std::string_view text, std::string scheme) {
  HostUse use{std::move(scheme), "", std::nullopt};
  std::size_t end = 0;
  while (end < text.size() && is_host_character(text[end])) ++end;
  use.host = text.substr(0, end);
  if (use.host.empty() || use.host.front() == '.' || use.host.front() == '-') return std::nullopt;
  if (end == text.size()) return use;
  if (text[end] != ':') return std::nullopt;
  const auto port = parse_port(text.substr(end + 1));
  if (!port) return std::nullopt;
  use.port = *port;
  return use;
}

// After "scheme://": user@host:port,host:port/path?query
void hosts_of_url(std::string_view rest, const std::string& scheme, std::vector<HostUse>& hosts) {
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  authority.remove_prefix(authority.rfind('@') + 1);
  for (const std::string& part : split(authority, ','))
    if (auto use = host_port(part, scheme)) hosts.push_back(std::move(*use));
}

std::string scheme_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  const auto belongs = [&](char c) {
    return is_letter_or_digit(c) || c == '+' || c == '-' || c == '.';
  };
  while (begin > 0 && belongs(text[begin - 1])) --begin;
  return to_lower(text.substr(begin, end - begin));
}

}  // namespace

std::vector<HostUse> hosts_in(std::string_view value) {
  std::vector<HostUse> hosts;
  std::size_t at = value.find("://");
  if (at == value.npos) {
    for (const std::string& part : split(value, ','))
      if (auto use = host_port(trim(part), ""); use && use->port) hosts.push_back(std::move(*use));
    return hosts;
  }
  while (at != value.npos) {
    const std::string_view rest = value.substr(at + 3);
    const std::size_t next = rest.find("://");
    // A list of URLs: what belongs to the next one is not read as part of this one.
    const std::size_t comma = next == rest.npos ? rest.npos : rest.rfind(',', next);
    const std::size_t end = std::min(rest.find_first_of(" \t;|\"'"), comma);
    hosts_of_url(rest.substr(0, end), scheme_before(value, at), hosts);
    at = value.find("://", at + 3);
  }
  return hosts;
}

Span span_of_host(const Span& value, const HostUse& use) {
  for (const std::string_view before : {"@", "//", ""}) {
    if (before.empty() && !use.scheme.empty()) break;
    Span span = narrow(value, std::string(before) + use.host);
    if (span.begin == value.begin && span.end == value.end && !before.empty()) continue;
    span.begin.column += static_cast<std::uint32_t>(before.size());
    return span;
  }
  return value;
}

// --- findings ---

bool is_within(const Span& inner, const Span& outer) {
  return inner && inner.source == outer.source && inner.begin >= outer.begin &&
         inner.begin < outer.end;
}

bool is_within(const Path& inner, const Path& folder) {
  const Path relative = inner.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

namespace {

void add_fix(const LackText& text, const Lack& lack, Fix& fix) {
  fix.title = text.fix;
  fix.edits.insert(fix.edits.end(), lack.edits.begin(), lack.edits.end());
  fix.changes.insert(fix.changes.end(), lack.changes.begin(), lack.changes.end());
}

void report_one(const LackText& text, const Lack& lack, Findings& findings) {
  Diagnostic& one = findings.add(text.code, lack.service->span,
                                 fmt::format("{} {}", who(*lack.service), lack.what), text.help);
  one.subject = key_of(*lack.service, text.subject);
  if (!lack.edits.empty()) add_fix(text, lack, one.fix.emplace());
}

}  // namespace

void report_lacks(const LackText& text, const std::vector<Lack>& lacks, Findings& findings) {
  constexpr std::size_t kOneByOne = 2;
  constexpr std::size_t kNamed = 8;
  if (lacks.size() <= kOneByOne) {
    for (const Lack& lack : lacks) report_one(text, lack, findings);
    return;
  }
  std::string names;
  Fix fix;
  bool all_mended = true;
  for (std::size_t i = 0; i < lacks.size(); ++i) {
    if (i < kNamed) names += (i == 0 ? "" : ", ") + who(*lacks[i].service);
    all_mended = all_mended && !lacks[i].edits.empty();
    add_fix(text, lacks[i], fix);
  }
  if (lacks.size() > kNamed) names += fmt::format(" and {} more", lacks.size() - kNamed);
  Diagnostic& one =
      findings.add(text.code, lacks.front().service->span,
                   fmt::format("{} services {}: {}", lacks.size(), text.several, names), text.help);
  one.subject = key_of(*lacks.front().service, text.subject);
  for (std::size_t i = 1; i < std::min(lacks.size(), kNamed); ++i)
    one.related.push_back(
        {lacks[i].service->span, fmt::format("{} {}", who(*lacks[i].service), lacks[i].what)});
  if (all_mended) one.fix = std::move(fix);
}

}  // namespace exai::config
