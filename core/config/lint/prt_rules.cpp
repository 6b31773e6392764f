// PRT: ports.

#include <map>

#include "core/base/text.hpp"
#include "core/config/lint/rules.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

using enum Severity;
using enum Evidence;

void ports_used_twice(const LintSubject& subject, Findings& findings) {
  struct Use {
    std::string who;
    Span span;
  };
  std::map<std::uint16_t, Use> used;
  for (const Member& service : services(subject.resolved.tree)) {
    for (const PortBinding& port : ports_of(service.value)) {
      const std::string who = fmt::format("{}'s port \"{}\"", service.key, port.name);
      const auto [first, is_free] = used.emplace(port.number, Use{who, port.span});
      if (is_free) continue;
      findings
          .add("PRT001", port.span,
               fmt::format("port {} is used twice: by {} and by {}", port.number, first->second.who,
                           who),
               "give one of them another port")
          .related.push_back({first->second.span, "first used here"});
    }
  }
}

constexpr std::array kRules = {
    Rule{"PRT001", "port-used-twice", error, deterministic, Fixing::none,
         "Two services with the same port",
         "The second one to start cannot listen, or the first one answers in its place.",
         ports_used_twice},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> prt_rules() {
  return kRules;
}

}  // namespace exai::config
