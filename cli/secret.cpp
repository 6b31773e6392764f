// exai secret: the store of an environment's secrets. The verbs are in the files of their names.
#include <array>

#include "cli/verbs.hpp"

namespace exai::cli {

Exit secret(Context& context, Args& args);
Exit secret_init(Context& context, Args& args);
Exit secret_set(Context& context, Args& args);
Exit secret_get(Context& context, Args& args);
Exit secret_list(Context& context, Args& args);
Exit secret_rotate(Context& context, Args& args);
Exit secret_remove(Context& context, Args& args);
Exit secret_check(Context& context, Args& args);
Exit secret_import(Context& context, Args& args);

namespace {

constexpr std::array kVerbs = {
    Command{"secret init", "make the environment's store, and an identity to open it", secret_init},
    Command{"secret set", "keep a value, read from stdin or asked for", secret_set},
    Command{"secret get", "print a value, but not on a terminal", secret_get},
    Command{"secret list", "what is in the store, without values and without a key", secret_list},
    Command{"secret rotate", "replace a value, and keep the one before while it is used",
            secret_rotate},
    Command{"secret remove", "forget a secret", secret_remove},
    Command{"secret check", "modes, expiry, examples, weak and repeated values, git", secret_check},
    Command{"secret import", "keep the secrets of an environment file", secret_import},
};

}  // namespace

Exit secret(Context& context, Args& args) {
  return run_verb(
      context, args,
      "The secrets of an environment, in the store that its `secrets` in the stack file names: a\n"
      "file of age (secrets/prod.age), which `age -d -i identity.txt` opens without exai, or a\n"
      "folder of private files. Values are never on a command line, and printed by get alone.\n\n"
      "  exai secret init --env prod\n"
      "  exai secret set KIMI_API_KEY --env prod <key.txt",
      kVerbs);
}

}  // namespace exai::cli
