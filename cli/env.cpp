// exai env: everything about environment files. The verbs are in the files of their names.
#include <array>

#include "cli/verbs.hpp"

namespace exai::cli {

Exit env(Context& context, Args& args);
Exit env_check(Context& context, Args& args);
Exit env_diff(Context& context, Args& args);
Exit env_show(Context& context, Args& args);
Exit env_sync(Context& context, Args& args);

namespace {

constexpr std::array kVerbs = {
    Command{"env show", "print what a reader makes of environment files", env_show},
    Command{"env check", "compare environment files with their examples", env_check},
    Command{"env sync", "put in what an environment file lacks of its example", env_sync},
    Command{"env diff", "say in which values two environment files differ", env_diff},
};

}  // namespace

Exit env(Context& context, Args& args) {
  return run_verb(context, args,
                  "Environment files: what Docker Compose and others read from them, and whether\n"
                  "they still fit their example.",
                  kVerbs);
}

}  // namespace exai::cli
