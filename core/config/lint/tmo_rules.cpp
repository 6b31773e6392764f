// TMO: time. Timeouts that undercut what they wait for, lives shorter than the work they protect.

#include "core/config/lint/tmo_rules.hpp"
#include "core/config/lint/between_options.hpp"

namespace exai::config {

namespace {

using enum Severity;
using enum Evidence;

void between_times(const LintSubject& subject, Findings& findings) {
  report_broken_rules(subject, "TMO", findings);
  stack_times_in_order(subject, findings);
}

void implausible_times(const LintSubject& subject, Findings& findings) {
  implausible_services(subject, findings);
  implausible_options(subject, findings);
}

constexpr std::array kRules = {
    Rule{
        "TMO001", "inner-not-less", error, deterministic, Fixing::none,
        "Whoever waits gives up before the one it waits for",
        "A call goes through client, bridge, daemon, tool and provider. Each must wait longer than "
        "the next one inside: otherwise it gives up first, the work goes on for nobody, and the "
        "error that would say why is lost.",
        between_times},
    Rule{"TMO002", "too-close", warning, deterministic, Fixing::none,
         "Two timeouts in order, but closer than the declared factor",
         "The outer one also pays for waiting, writing and reading. With the factor of the table "
         "(1.5) there is room for it."},
    Rule{"TMO003", "attempts-exceed", error, deterministic, Fixing::none,
         "All attempts together take longer than the limit around them",
         "The last attempts are cut off: they cost, and cannot succeed. Fewer attempts, shorter "
         "ones, or a larger limit. The same holds for restarts: a service whose pauses are longer "
         "than the window of give_up is never given up.",
         restarts_without_end},
    Rule{"TMO004", "ping-too-slow", warning, deterministic, Fixing::none,
         "A sign of life may take as long as the time until the next one",
         "A connection that is dead is then found late, or one that lives is cut."},
    Rule{"TMO005", "implausible-time", warning, heuristic, Fixing::none,
         "A time that is zero, negative, or far from what is usual",
         "Mostly the unit was mistaken: milliseconds where seconds are counted, or the other way "
         "round. What is usual for an option of EXAI is in the option table.",
         implausible_times},
    Rule{"TMO006", "life-too-short", warning, deterministic, Fixing::none,
         "Something is forgotten before the work that needs it can end",
         "A session, a lock or a cached result must live longer than the longest operation that "
         "uses it."},
    Rule{"TMO007", "start-too-short", warning, contextual, Fixing::none,
         "A service that gives up before what it needs can be there",
         "It waits for the start of another service, not for its readiness, and its own time to "
         "start is shorter than that one's. On a slow day it is called broken, though it only "
         "waits.",
         starts_too_short},
    Rule{
        "TMO008", "derived-differs", info, heuristic, Fixing::none,
        "A comment that says how a value is derived, and another value",
        "\"# 1.5 x WORKFLOW_TOOL_TIMEOUT_SECS\" was true once. Whoever trusts the comment is wrong "
        "about the value, or the value was meant to follow.",
        derived_values},
    Rule{
        "TMO009", "proves-itself", info, deterministic, Fixing::none,
        "A time that is made from the one that it is compared with",
        "SHIM_TIMEOUT_SECS=${DAEMON_TIMEOUT_SECS}0 is always larger, whatever the daemon's timeout "
        "becomes: the rule that compares the two can never find a mistake. For review.",
        rules_that_cannot_fail},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> tmo_rules() {
  return kRules;
}

}  // namespace exai::config
