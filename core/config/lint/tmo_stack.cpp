// TMO: the times of services, in the stack file and in Compose files.

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "core/config/compose.hpp"
#include "core/config/formats.hpp"
#include "core/config/lint/between_options.hpp"
#include "core/config/lint/tmo_rules.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

// A time as a service has it: written, or what is the case when nothing is.
struct Time {
  Duration value{};
  Span span;  // empty: not written
};

Time time_of(const Node& node, std::string_view key, Duration preset) {
  const Node* written = node.find(key);
  if (written == nullptr || written->string() == nullptr) return {preset, {}};
  const auto value = parse_duration(*written->string());
  return value ? Time{*value, written->span} : Time{preset, {}};
}

Span first_place(std::initializer_list<Span> places) {
  for (const Span& place : places)
    if (place) return place;
  return {};
}

void relate(Diagnostic& one, const Span& place, std::string_view what) {
  if (place && !(place.begin == one.span.begin && place.source == one.span.source))
    one.related.push_back({place, std::string(what)});
}

void ready_within_start(const Member& service, Findings& findings) {
  const Node* ready = service.value.find("ready");
  if (ready == nullptr || ready->table() == nullptr) return;
  const Service presets;
  const Time start = time_of(service.value, "start_timeout", presets.start_timeout);
  const Time timeout = time_of(*ready, "timeout", Check().timeout);
  if (timeout.value < start.value) return;
  Diagnostic& one = findings.add(
      "TMO001", first_place({timeout.span, start.span}),
      fmt::format("one readiness check of {} may take {}, as long as the whole start ({})",
                  service.key, format_duration(timeout.value), format_duration(start.value)),
      "raise start_timeout or lower the check's timeout");
  one.subject = fmt::format("services.{}.ready", service.key);
  relate(one, start.span, "the start is given up after this");
}

// From the first signal to KILL: its steps together.
Time grace_of(const Node& service) {
  const Duration usual = StopStep().grace;
  const Node* stop = service.find("stop");
  if (stop == nullptr) return {usual, {}};
  const Node* steps = stop->find("steps");
  Time grace = time_of(*stop, "grace", usual);
  if (steps != nullptr && steps->list() != nullptr) {
    grace = {Duration::zero(), steps->span};
    for (const Node& step : *steps->list()) grace.value += time_of(step, "grace", usual).value;
  }
  const Time total = time_of(*stop, "total", grace.value);
  return total.value < grace.value ? total : grace;
}

// exaid wants time to let calls finish; it must not be killed before that.
void shutdown_within_grace(const LintSubject& subject, const Member& service, Findings& findings) {
  const auto found = subject.resolved.variables.find("EXAI_SHUTDOWN_TIMEOUT_SECS");
  const Option* option = subject.options.find("EXAI_SHUTDOWN_TIMEOUT_SECS");
  if (!is_exaid(service.value) || option == nullptr || found == subject.resolved.variables.end())
    return;
  const auto shutdown = duration_of(*option, found->second.value);
  const Time grace = grace_of(service.value);
  if (!shutdown || *shutdown < grace.value) return;
  const Span set_at = found->second.origins.front().span;
  Diagnostic& one = findings.add(
      "TMO001", first_place({grace.span, set_at, service.key_span}),
      fmt::format("{} may take {} to stop (EXAI_SHUTDOWN_TIMEOUT_SECS), but is killed after {}",
                  service.key, format_duration(*shutdown), format_duration(grace.value)),
      "raise the grace of its stop, or lower EXAI_SHUTDOWN_TIMEOUT_SECS");
  one.subject = fmt::format("services.{}.stop", service.key);
  relate(one, set_at, "EXAI_SHUTDOWN_TIMEOUT_SECS is set here");
}

}  // namespace

void stack_times_in_order(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree)) {
    ready_within_start(service, findings);
    shutdown_within_grace(subject, service, findings);
  }
}

// give_up "10 in 5m" never comes true when ten pauses are longer than five minutes.
void restarts_without_end(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree)) {
    const Node* restart = service.value.find("restart");
    if (restart == nullptr || restart->table() == nullptr) continue;
    const Node* written = restart->find("give_up");
    const RestartPolicy presets;
    const auto range = parse_duration_range(text_or(*restart, "backoff", ""));
    const auto rate = parse_rate(text_or(*restart, "give_up", ""));
    const Duration least = range ? range->least : presets.backoff_min;
    const Duration most = range ? range->most : presets.backoff_max;
    const int count = std::min(rate ? rate->count : presets.give_up_after, 10'000);
    const Duration window = rate ? rate->window : presets.give_up_window;
    if ((!range && !rate) || least <= 0ms) continue;
    Duration pauses{};
    Duration pause = least;
    for (int i = 1; i < count && pauses <= window; ++i) {  // between `count` restarts
      pauses += pause;
      pause = std::min(pause * 2, most);
    }
    if (pauses <= window) continue;
    const Node* backoff = restart->find("backoff");
    Diagnostic& one = findings.add(
        "TMO003",
        first_place({written != nullptr ? written->span : Span{},
                     backoff != nullptr ? backoff->span : Span{}}),
        fmt::format("{} never gives up: the pauses between {} restarts are longer than {}",
                    service.key, count, format_duration(window)),
        "raise the window of give_up, lower its count, or shorten the backoff");
    one.subject = fmt::format("services.{}.restart", service.key);
    one.severity = Severity::warning;  // it works; whether it is meant is the operator's business
    if (backoff != nullptr) relate(one, backoff->span, "the pauses");
  }
}

namespace {

// Up to which a time is usual; that none is zero is the schema's.
struct Bound {
  std::string_view path;  // of keys below the service
  Duration most;
};

constexpr std::array<Bound, 6> kBounds = {{{"ready.every", 1h},
                                           {"ready.timeout", 1h},
                                           {"healthy.every", 24h},
                                           {"healthy.timeout", 1h},
                                           {"start_timeout", 24h},
                                           {"stop.grace", 1h}}};

const Node* at_path(const Node& node, std::string_view path) {
  const std::size_t dot = path.find('.');
  const Node* inner = node.find(path.substr(0, dot));
  return inner == nullptr || dot == path.npos ? inner : at_path(*inner, path.substr(dot + 1));
}

}  // namespace

void implausible_services(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree))
    for (const Bound& bound : kBounds) {
      const Node* written = at_path(service.value, bound.path);
      if (written == nullptr || written->string() == nullptr) continue;
      const auto value = parse_duration(*written->string());
      if (!value || *value <= bound.most) continue;
      findings
          .add("TMO005", written->span,
               fmt::format("{} of {} is {}: rarely meant", bound.path, service.key,
                           format_duration(*value)),
               fmt::format("up to {} is usual", format_duration(bound.most)))
          .subject = fmt::format("services.{}.{}", service.key, bound.path);
    }
}

namespace {

// A service that waits only for the start of another one, and gives up before that may be ready.
void stack_start_too_short(const Member& service, const Node& tree, Findings& findings) {
  const Duration preset = Service().start_timeout;
  const Time own = time_of(service.value, "start_timeout", preset);
  for (const Member& need : members(service.value, "needs")) {
    const bool started = need.value.string() != nullptr && *need.value.string() == "started";
    const Node* all = tree.find("services");
    const Member* other = all == nullptr ? nullptr : all->member(need.key);
    if (!started || other == nullptr) continue;
    const Time theirs = time_of(other->value, "start_timeout", preset);
    if (own.value >= theirs.value || service.value.find("ready") == nullptr) continue;
    Diagnostic& one = findings.add(
        "TMO007", first_place({own.span, need.key_span}),
        fmt::format("{} gives up after {}, but {}, which it does not wait for, may take {} to be "
                    "ready",
                    service.key, format_duration(own.value), other->key,
                    format_duration(theirs.value)),
        fmt::format("write {} = \"ready\" in its needs, or raise its start_timeout", other->key));
    one.subject = fmt::format("services.{}.start_timeout", service.key);
    relate(one, theirs.span, "its start_timeout");
  }
}

constexpr Duration kComposeInterval = 30s;
constexpr std::int64_t kComposeRetries = 3;

// From its start until Compose calls a container unhealthy.
Duration patience(const ComposeHealthcheck& check) {
  const Duration interval = check.interval ? check.interval->value : kComposeInterval;
  const std::int64_t retries =
      std::clamp<std::int64_t>(check.retries ? check.retries->value : kComposeRetries, 1, 100'000);
  const Duration start = check.start_period ? check.start_period->value : Duration{};
  return start + interval * retries;
}

void compose_start_too_short(const ComposeProject& compose, const ComposeService& service,
                             Findings& findings) {
  if (!service.healthcheck || service.healthcheck->disabled) return;
  const Duration own = patience(*service.healthcheck);
  for (const ComposeDependency& need : service.depends_on) {
    const ComposeService* other = compose.find(need.service);
    if (need.condition != ComposeCondition::started || other == nullptr || !other->healthcheck ||
        other->healthcheck->disabled || !other->healthcheck->start_period)
      continue;
    const Placed<Duration>& theirs = *other->healthcheck->start_period;
    if (own >= theirs.value) continue;
    const auto& start = service.healthcheck->start_period;
    Diagnostic& one = findings.add(
        "TMO007", start ? start->span : service.healthcheck->span,
        fmt::format("{} is unhealthy after {}, but {}, which it does not wait for, is given {} to "
                    "start",
                    service.name, format_duration(own), other->name, format_duration(theirs.value)),
        "wait for it with condition: service_healthy, or raise start_period");
    one.subject = fmt::format("services.{}.healthcheck", service.name);
    relate(one, theirs.span, "its start_period");
  }
}

}  // namespace

void starts_too_short(const LintSubject& subject, Findings& findings) {
  for (const Member& service : services(subject.resolved.tree))
    stack_start_too_short(service, subject.resolved.tree, findings);
  if (subject.project.compose == nullptr) return;
  for (const ComposeService& service : subject.project.compose->services)
    if (service.enabled) compose_start_too_short(*subject.project.compose, service, findings);
}

}  // namespace exai::config
