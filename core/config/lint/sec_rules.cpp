// SEC: secrets. The functions are in sec_*.cpp, by what they look at.

#include "core/config/lint/sec_rules.hpp"

namespace exai::config {

namespace {

using enum Severity;
using enum Evidence;

constexpr std::array kRules = {
    Rule{"SEC001", "secret-in-git", error, contextual, Fixing::none,
         "A secret in an environment file that git keeps",
         "Whoever can read the repository has the secret, in all its history and all its copies. "
         "Keep the value in the secret store (exai secret set) or in a file that .gitignore names, "
         "leave the bare name in the example file, and replace the value: removing the line does "
         "not remove it from the history. Values that only look like secrets, and those of files "
         "for development, are warnings.",
         secrets_in_git},
    Rule{
        "SEC002", "secret-written-out", error, deterministic, Fixing::suggested,
        "A secret written out in a service's environment",
        "Compose and stack files are shared, reviewed and pasted into questions. Write a reference "
        "(${NAME:?}) and keep the value in .env or in the secret store, or deliver it as a file "
        "(secrets, and NAME_FILE). A default of a reference is written out as well: a warning.",
        secrets_in_environments},
    Rule{"SEC003", "secret-in-the-open", error, deterministic, Fixing::none,
         "A secret in a command line, an environment or a check, where others can read it",
         "Every process of the machine can read command lines, and `docker inspect` shows them to "
         "everybody who may talk to Docker. Deliver the secret as a file: list it in the service's "
         "secrets and read the file that NAME_FILE names. redis-cli takes its password from "
         "REDISCLI_AUTH, psql from PGPASSFILE, redis-server from its configuration file.",
         secrets_in_commands},
    Rule{"SEC004", "secret-in-url", error, contextual, Fixing::none,
         "A password written into an address",
         "Programs print the addresses they connect to, in logs and in error messages. Write a "
         "reference to the variable that has the password (postgres://app:${DB_PASSWORD}@db/app), "
         "or give the program user and password by themselves. In an environment file that git "
         "does not keep it is a warning.",
         secrets_in_urls},
    Rule{"SEC005", "placeholder-secret", error, deterministic, Fixing::none,
         "A secret that still has the value of an example",
         "Examples are public, and the first thing an attacker tries. Put a real value there; when "
         "the program does not need it, remove the line.",
         placeholder_secrets},
    Rule{"SEC006", "weak-secret", error, deterministic, Fixing::none,
         "A secret that can be guessed",
         "Passwords of machines are never typed: they can be long and random, and what is shorter "
         "than 20 characters or made of a word is found by trying. Fewer than 12 characters and "
         "words of the usual lists are errors, in files for development warnings.",
         weak_secrets},
    Rule{"SEC007", "secret-used-twice", warning, deterministic, Fixing::none,
         "One value for several secrets",
         "Who learns one of them has the others, and none can be changed alone. A password that a "
         "server and its clients share is one secret, and not meant: write it once and refer to "
         "it. Environments need values of their own, too: who works on dev should not have prod.",
         secrets_for_several_things},
    Rule{"SEC008", "secrets-disagree", error, contextual, Fixing::none,
         "A server and its client are told different passwords",
         "The service starts, and the first connection is refused; often only after the volume was "
         "made with one of the two. Write the value once and refer to it in both places.",
         disagreeing_secrets},
    Rule{
        "SEC009", "secret-file-open", error, contextual, Fixing::safe,
        "A file with secrets that other users can read",
        "Every user and every service of the machine can open it. Mode 0600 for the file, 0700 for "
        "a folder of secrets. A file inside a folder that keeps others out is fine. For an "
        "environment file it is a warning, unless others can even write to it.",
        open_files},
    Rule{"SEC010", "secret-file-in-git", error, contextual, Fixing::none,
         "A file with secrets that git keeps although it is to be ignored",
         "A pattern in .gitignore has no effect on a file that was added before, or by force. "
         "Remove it from the index (git rm --cached), and replace the secrets: the history has "
         "them.",
         secret_files_in_git},
    Rule{"SEC011", "unneeded-secret", warning, contextual, Fixing::none,
         "A service that gets secrets it has no use for",
         "A hole in one service then opens everything that its environment has keys to. Give each "
         "service its own secrets: an env_file of its own, or the names under environment. Only "
         "services whose variables are known are judged: usual images, and exaid.",
         unneeded_secrets},
    Rule{"SEC012", "secret-in-image", error, contextual, Fixing::none,
         "A secret that is built into an image",
         "Images are pushed, pulled and kept; what one layer had can be read even when a later one "
         "removes it, and build arguments are in the history. Keep environment files out of the "
         "context (.dockerignore), give secrets of the build by --mount=type=secret, and those of "
         "the program when the container starts.",
         secrets_in_images},
    Rule{"SEC013", "secret-given-twice", error, deterministic, Fixing::none,
         "A secret given both as NAME and as NAME_FILE",
         "Programs differ in which of the two they take, and official images refuse to start. Keep "
         "the file.",
         secrets_given_twice},
    Rule{
        "SEC014", "secret-overdue", warning, deterministic, Fixing::none,
        "A stored secret that has expired, or that was to be renewed before today",
        "The longer a value is in use, the more people, backups and logs have it. The dates are "
        "those that exai secret keeps beside the store, the periods those of the options "
        "(docs/CONFIGURATION.md); a secret that has a period and no date is reported too. One that "
        "expires within two weeks is a remark. `exai secret rotate` renews a value. `exai "
        "validate` and `exai secret check` say the same; no start is refused for it: what started "
        "yesterday starts today.",
        overdue_secrets},
    Rule{
        "SEC015", "ignored-ownership", warning, deterministic, Fixing::none,
        "A secret with uid, gid or mode that Docker Compose ignores",
        "A secret with `file:` is mounted as it is on the host: owner and mode are the file's own. "
        "What is written beside it has no effect, so the service may not be able to read it, or "
        "everybody can.",
        ignored_ownership},
    Rule{
        "SEC016", "secret-in-text", warning, contextual, Fixing::none,
        "The value of a secret in a document or a log",
        "Documents and logs are passed on with less care than configuration. The values of the "
        "environment files are looked for in the documents and logs of the project's folder and "
        "of docs and logs in it; not those with fewer than 12 characters, which stand in a text by "
        "chance. Remove the value, and replace the secret.",
        secrets_in_texts},
    Rule{"SEC017", "secret-in-environment", warning, deterministic, Fixing::none,
         "A service that gets its secrets as environment variables",
         "Environments are inherited, printed by crash reporters and readable in /proc. Use it "
         "only for a program that can read neither NAME_FILE nor a file in memory.",
         secrets_delivered_in_environments},
};
static_assert(is_sound(kRules));

}  // namespace

std::span<const Rule> sec_rules() {
  return kRules;
}

}  // namespace exai::config
