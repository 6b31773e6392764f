// What the structures that the supervisor answers are made of. A row for each member, in the order
// in which they are written; a test compares them with what is really written.

#include "core/control/methods.hpp"

namespace exai::control {

namespace {

constexpr std::array kFields{
    Field{"Hello", "protocol", "number", "the version it speaks", 2},
    Field{"Hello", "oldest", "number", "the oldest one that it still understands", 2},
    Field{"Hello", "version", "text", "of the supervisor", 2},
    Field{"Hello", "stack", "text", "the stack's name", 2},
    Field{"Hello", "access", "text", "what you may call: read; change, and read; own, and all", 2},

    Field{"StackStatus", "protocol", "number", "the version of this protocol that it speaks"},
    Field{"StackStatus", "version", "text", "of the supervisor"},
    Field{"StackStatus", "stack", "text", "the stack's name"},
    Field{"StackStatus", "environment", "text", "dev, staging, prod, …"},
    Field{"StackStatus", "timezone", "text", "in which people read the times"},
    Field{"StackStatus", "stack_file", "text", "absolute"},
    Field{"StackStatus", "fingerprint", "text", "of the settings it runs; changed: another stack"},
    Field{"StackStatus", "supervisor_pid", "number", "its process"},
    Field{"StackStatus", "supervisor_started", "time", "when that began"},
    Field{"StackStatus", "stopping", "flag", "the stack goes down"},
    Field{"StackStatus", "last_event", "number", "of its newest event: pass as `since`", 2},
    Field{"StackStatus", "containment", "text", "how a service's processes are held together", 2},
    Field{"StackStatus", "reload", "ReloadStatus", "what came of the last reload", 2},
    Field{"StackStatus", "services", "[ServiceStatus]", "in the file's order"},

    Field{"ServiceStatus", "name", "text", "of the service"},
    Field{"ServiceStatus", "state", "text", "one of the states below"},
    Field{"ServiceStatus", "since", "time", "when it came into this state"},
    Field{"ServiceStatus", "cause", "text", "why it is in this state"},
    Field{"ServiceStatus", "waiting_for", "[text]", "services, while it waits"},
    Field{"ServiceStatus", "ready", "ProofStatus or null", "of its readiness"},
    Field{"ServiceStatus", "healthy", "ProofStatus or null", "of its health"},
    Field{"ServiceStatus", "pid", "number", "of its main process; 0: there is none"},
    Field{"ServiceStatus", "started", "time or null", "when that process began"},
    Field{"ServiceStatus", "adopted", "flag", "taken over from an earlier supervisor"},
    Field{"ServiceStatus", "restarts", "number", "by itself, not those that were asked for"},
    Field{"ServiceStatus", "last_exit", "text", "how it last ended; empty: it never did"},
    Field{"ServiceStatus", "last_restart_cause", "text", "why it was last started again"},
    Field{"ServiceStatus", "ports", "[PortStatus]", "that it listens on"},
    Field{"ServiceStatus", "needs", "[text]", "services that it needs"},
    Field{"ServiceStatus", "resident_bytes", "number or null",
          "memory that all its processes use; null: it has none, or nobody asked"},
    Field{"ServiceStatus", "cpu_percent", "number or null", "of one core, since the last look"},
    Field{"ServiceStatus", "processes", "number or null", "of its tree", 2},
    Field{"ServiceStatus", "threads", "number or null", "of its tree", 2},
    Field{"ServiceStatus", "descriptors", "number or null", "open; null: it was not named", 2},
    Field{"ServiceStatus", "read_bytes", "number or null", "from storage; null as above", 2},
    Field{"ServiceStatus", "written_bytes", "number or null", "to storage; null as above", 2},
    Field{"ServiceStatus", "not_limited", "[text]", "limits that the kernel does not keep here", 2},
    Field{"ServiceStatus", "said", "text", "by itself about itself, in a STATUS= message", 2},
    Field{"ServiceStatus", "next_run", "time or null", "by its schedule", 2},
    Field{"ServiceStatus", "log", "text", "path of its log file"},
    Field{"ServiceStatus", "log_lines_dropped", "number", "that could not be written"},

    Field{"ProofStatus", "check", "text", "what is tried: \"redis round-trip\""},
    Field{"ProofStatus", "standing", "text", "unknown, passing or failing"},
    Field{"ProofStatus", "detail", "text", "what the last run saw"},
    Field{"ProofStatus", "took_ms", "number", "the last run"},
    Field{"ProofStatus", "age_ms", "number or null", "of the last good run; null: there was none"},
    Field{"ProofStatus", "failures", "number", "in a row"},

    Field{"PortStatus", "name", "text", "as in the stack file"},
    Field{"PortStatus", "number", "number", "of the port"},

    Field{"EventPage", "events", "[Event]", "after `since`, oldest first"},
    Field{"EventPage", "last", "number", "pass as `since` next time"},
    Field{"EventPage", "gap", "flag", "older ones are forgotten already"},

    Field{"Stopping", "processes", "[Process]", "the main ones of the services, and its own", 2},
    Field{"Stopping", "last_event", "number", "of the newest event: pass as `since`", 2},

    Field{"Process", "service", "text", "whose it is; empty: the supervisor itself", 2},
    Field{"Process", "pid", "number", "its number", 2},
    Field{"Process", "start_ticks", "number",
          "field 22 of /proc/PID/stat: another process may get its number one day", 2},

    Field{"Event", "sequence", "number", "one more than the event before it"},
    Field{"Event", "time", "time", "when it happened"},
    Field{"Event", "service", "text", "empty: it is about the stack"},
    Field{"Event", "from", "text", "the state before"},
    Field{"Event", "to", "text", "the state after"},
    Field{"Event", "cause", "text", "why"},

    Field{"ReloadStatus", "standing", "text",
          "settling, applied, failed or rolled back; empty: there was none", 2},
    Field{"ReloadStatus", "cause", "text", "the service that failed, and how", 2},

    Field{"Reloaded", "valid", "flag", "the stack file has no errors", 2},
    Field{"Reloaded", "applied", "flag", "the plan was carried out, not only made", 2},
    Field{"Reloaded", "fingerprint", "text", "of the settings that were read", 2},
    Field{"Reloaded", "changes", "[ReloadChange]", "in the file's order, then what goes", 2},
    Field{"Reloaded", "kept", "number", "services that stay as they are", 2},
    Field{"Reloaded", "last_event", "number", "the newest from before it was applied", 2},
    Field{"Reloaded", "diagnostics", "[object]", "as `exai validate --json` has them", 2},
    Field{"Reloaded", "text", "text", "the same for people", 2},

    Field{"ReloadChange", "service", "text", "its name", 2},
    Field{"ReloadChange", "action", "text", "start, stop, restart or change in place", 2},
    Field{"ReloadChange", "why", "[text]", "what has changed: \"stop.grace\"", 2},

    Field{"Subscription", "since", "number", "the events after this one follow", 2},
    Field{"Subscription", "last", "number", "the newest there is now", 2},
};

}  // namespace

std::span<const Field> fields() {
  return kFields;
}

}  // namespace exai::control
