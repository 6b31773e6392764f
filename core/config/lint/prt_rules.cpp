// PRT: ports. The functions are in prt_published.cpp and prt_listening.cpp.

#include "core/config/lint/prt_rules.hpp"

namespace exai::config {

namespace {

using enum Severity;
using enum Evidence;

constexpr std::array kRules = {
    Rule{"PRT001", "port-used-twice", error, deterministic, Fixing::none,
         "Two services with the same port",
         "The second one to start cannot listen, or the first one answers in its place. Ports of "
         "different addresses or protocols do not collide, nor those of services that are in "
         "different profiles.",
         ports_used_twice},
    Rule{"PRT002", "port-without-listener", error, contextual, Fixing::none,
         "A published port behind which nothing listens",
         "Connections are refused, or accepted by the engine and closed at once, while the service "
         "itself is fine. Publish the port that the program listens on: the one of its variables, "
         "its command line, its image. When the service listens on others as well and only EXPOSE "
         "speaks against it, it is a warning.",
         ports_without_listener},
    Rule{"PRT003", "port-open-to-all", error, contextual, Fixing::safe,
         "A port that is open to every machine",
         "A published port without an address is reachable from everywhere, past the rules of most "
         "firewalls: Docker writes its own. Databases and administration belong on 127.0.0.1 "
         "or on no port at all, since services reach each other without. For other programs it is "
         "a warning; ports 80 and 443 and those of proxies are meant for everybody.",
         open_ports},
    Rule{"PRT004", "port-range", warning, deterministic, Fixing::none,
         "A port that others may have, or that only root may take",
         "Below 1024 an ordinary user cannot listen. From 32768 to 60999 the system chooses ports "
         "for outgoing connections, and one of them may be there first: the service then fails to "
         "start every once in a while.",
         ports_out_of_range},
    Rule{"PRT005", "listener-without-port", info, contextual, Fixing::none,
         "A listener that nothing publishes or names",
         "The program opens a port that neither ports nor expose mentions, while its others are "
         "there: it may have been forgotten. Name it, or switch it off.",
         listeners_without_port},
    Rule{"PRT006", "check-of-wrong-port", error, contextual, Fixing::none,
         "A healthcheck of a port on which nothing listens",
         "The check can never succeed, and the service never counts as healthy. Where only "
         "published ports speak against it, it is a warning: name the other port under expose.",
         checks_of_wrong_ports},
    Rule{"PRT007", "listeners-collide", error, contextual, Fixing::none,
         "Two listeners on one port of one network",
         "Services with network_mode host share the ports of the host, and those with "
         "network_mode service:NAME the ports of that service: the second one cannot listen. So do "
         "the listeners of one program.",
         listeners_in_conflict},
    Rule{"PRT008", "comment-says-other-port", info, heuristic, Fixing::none,
         "A comment that says another port than its line",
         "One of them is out of date, and people read the comment.", misleading_comments},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> prt_rules() {
  return kRules;
}

}  // namespace exai::config
