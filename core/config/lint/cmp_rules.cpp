// CMP: Compose files. The rules' functions are in cmp_*.cpp, by topic.

#include "core/config/lint/cmp_rules.hpp"

#include "core/config/lint/rules.hpp"

namespace exai::config {

namespace {

using enum Severity;
using enum Evidence;

constexpr std::array kRules = {
    Rule{"CMP001", "yaml-syntax", error, deterministic, Fixing::none, "Text that is not YAML",
         "Compose refuses the whole file. Indent with spaces, put a space after each colon and "
         "dash, and put text with special characters into quotes."},
    Rule{"CMP002", "duplicate-yaml-key", error, deterministic, Fixing::none,
         "A key that is there twice in one table",
         "Compose refuses the file; other readers silently take the last one."},
    Rule{"CMP003", "compose-schema", error, deterministic, Fixing::suggested,
         "A key that Compose does not know, or a value of the wrong kind",
         "Compose refuses the file. Keys of your own begin with \"x-\"."},
    Rule{"CMP004", "compose-variable-unset", error, contextual, Fixing::none,
         "A ${NAME} in a Compose file that nothing sets and that has no default",
         "Compose puts an empty text in its place and only warns. Set the name in .env beside the "
         "file or in the environment, or write ${NAME:-default}. What env_file gives to a service "
         "does not count."},
    Rule{"CMP005", "moving-image", warning, deterministic, Fixing::none,
         "An image whose tag means another program tomorrow",
         "latest, or no tag at all, is whatever was pushed last: two machines with the same file "
         "run different programs, and going back is impossible. Name the version that was tested. "
         "A tag with only the major version (info) still moves at each minor release.",
         moving_images},
    Rule{"CMP006", "useless-healthcheck", error, deterministic, Fixing::none,
         "A healthcheck that cannot fail, or none",
         "A check that ends in `exit 0` or `|| true` says that all is well whatever happens: those "
         "who wait for the service start too early and nobody restarts it. Test the work that the "
         "service does: an answer to a request, a PING to a server. Without any healthcheck "
         "(warning) a service counts as well while its process lives.",
         useless_healthchecks},
    Rule{"CMP007", "health-timeout-too-long", warning, deterministic, Fixing::none,
         "A healthcheck may take longer than the time between two of them",
         "When the timeout is not below the interval, a service that hangs is noticed late: each "
         "attempt takes the whole timeout, times retries. Docker's defaults are 30s for both. Keep "
         "the timeout well below the interval.",
         slow_healthchecks},
    Rule{"CMP008", "dependency-not-awaited", warning, deterministic, Fixing::safe,
         "depends_on waits only for the start of a service that has a healthcheck",
         "A container that has started does not answer yet: the first requests fail, and whether "
         "they do depends on the machine's mood. condition: service_healthy waits for the "
         "healthcheck. Where condition: service_started is written down it may be meant: then this "
         "is only a remark.",
         impatient_dependencies},
    Rule{"CMP009", "health-never-comes", error, contextual, Fixing::none,
         "service_healthy for a service that has no healthcheck",
         "Compose gives up with \"has no healthcheck configured\". Give the service a healthcheck, "
         "or wait for service_started. Where the image is not known well enough to say that it has "
         "none of its own, this is a warning.",
         health_of_the_healthless},
    Rule{"CMP010", "unattended-service", warning, deterministic, Fixing::suggested,
         "A service that stays down when it fails, or whose log grows without end",
         "Without restart, a crash at night lasts until somebody looks. Docker's json-file log has "
         "no limit by itself and fills the disk. Services that run once and end are not meant: "
         "restart: \"no\" says so.",
         unattended_services},
    Rule{"CMP011", "project-writable", error, contextual, Fixing::suggested,
         "A container may write to the whole project folder",
         "It can change its own Compose file, read and change .env, and put hooks into .git that "
         "run on the host. Mount the folders it needs, or the whole with :ro. For development "
         "(a file called so, a command that reloads) it is a warning.",
         writable_project},
    Rule{
        "CMP012", "overlapping-mounts", error, contextual, Fixing::none,
        "Two mounts at one place, or one that cannot be made inside another",
        "Docker refuses two mounts with one target. Inside a read-only folder it cannot make the "
        "place for another mount: the folder has to have it. A volume inside a bind mount, such as "
        "node_modules, is fine.",
        overlapping_mounts},
    Rule{"CMP013", "path-of-one-machine", error, deterministic, Fixing::none,
         "A path that exists on one machine only",
         "A drive letter works on Windows alone; a home folder is one person's (warning or info). "
         "Paths that begin with ./ start at the project's folder and work everywhere; what differs "
         "from machine to machine belongs into .env as a variable.",
         paths_of_one_machine},
    Rule{
        "CMP014", "no-memory-limit", warning, deterministic, Fixing::none,
        "A service without a memory limit",
        "One leak makes the kernel kill whatever it finds on the machine, often the database. With "
        "a limit it kills the one that leaks, and the restart policy brings it back.",
        unlimited_memory},
    Rule{"CMP015", "limit-below-need", error, contextual, Fixing::none,
         "A program may take as much memory as its container is given, or more",
         "Redis' maxmemory, Java's -Xmx, Node's --max-old-space-size and the like are about the "
         "data alone; the program needs more besides. At the container's limit the kernel kills "
         "it, before its own limit can do anything. Leave a tenth; for Redis that saves to disk a "
         "fifth (below that: a warning).",
         limits_below_needs},
    Rule{"CMP016", "unneeded-rights", warning, deterministic, Fixing::none,
         "A container with all the rights that Docker gives",
         "Nothing says what it may not do: it runs as the image's user, mostly root, may write to "
         "its whole file system and gain privileges. One of user, read_only, cap_drop, "
         "no-new-privileges shows that somebody has thought about it, and then this is silent; an "
         "explicit root without any of them, and privileged, are not.",
         unneeded_rights},
    Rule{"CMP017", "missing-source", error, contextual, Fixing::none,
         "A file that a service needs and that is not there",
         "Compose does not start a service whose env_file is missing, and makes a folder, owned by "
         "root, of a bind whose source is missing: a program that expects a file finds a folder. "
         "Write required: false for an env_file that may be missing. A folder that Docker would "
         "make for data is only a remark.",
         missing_sources},
    Rule{"CMP018", "fixed-container-name", info, deterministic, Fixing::safe,
         "A service with a fixed container name",
         "A second copy of the project cannot start beside it, and the service cannot have "
         "replicas. docker compose finds containers by the service's name anyway.",
         fixed_names},
    Rule{
        "CMP019", "obsolete-version", info, deterministic, Fixing::safe,
        "The top-level version means nothing any more",
        "Compose ignores it and prints a warning at each command. Which features there are depends "
        "on the version of docker compose alone.",
        obsolete_version},
    Rule{
        "CMP020", "unused-configuration", warning, heuristic, Fixing::none,
        "A program's configuration file that nothing reads",
        "Somebody edits it and wonders why nothing changes. Mount it where the program looks for "
        "it, or remove it. Only files with well-known names are looked at, beside the Compose file "
        "and in its config folders, and only when a service runs the program.",
        unused_configuration},
    Rule{"CMP021", "dollar-in-command", warning, heuristic, Fixing::none,
         "A dollar in a command that is replaced at another place than it seems",
         "$NAME is filled in by Compose, from its own environment, before the container exists; "
         "$$NAME reaches the container, where a shell has to be there to fill it in; $$$$ reaches "
         "the shell as two dollars, its process number. Write $$NAME with sh -c or CMD-SHELL for "
         "the container's value.",
         dollars_in_commands},
    Rule{
        "CMP022", "hasty-stop", warning, heuristic, Fixing::suggested,
        "A service is killed before it can have finished",
        "Docker sends SIGTERM and, after stop_grace_period (10s by default), SIGKILL. When the "
        "program's own time to finish is not shorter than that, work is lost at each restart. Make "
        "the grace period the longer one.",
        hasty_stops},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> cmp_rules() {
  return kRules;
}

}  // namespace exai::config
