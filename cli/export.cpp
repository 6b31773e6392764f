// exai export: the stack as others want to have it described.
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "cli/args.hpp"
#include "cli/unit_file.hpp"
#include "cli/verbs.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit export_command(Context& context, Args& args);

namespace {

std::string user_name() {
  const passwd* entry = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): one thread
  return entry != nullptr ? entry->pw_name : std::to_string(::geteuid());
}

Exit export_systemd(Context& context, Args& args) {
  bool for_user = false;
  args.about(
      "Prints a systemd unit that keeps this stack running: the supervisor tells systemd when the\n"
      "stack is ready and that it is alive, and systemd starts it again should it die. Services\n"
      "live on meanwhile; the next supervisor takes them over.\n\n"
      "  exai export systemd | sudo tee /etc/systemd/system/mystack.service\n"
      "  sudo systemctl daemon-reload && sudo systemctl enable --now mystack\n\n"
      "  exai export systemd --user >~/.config/systemd/user/mystack.service");
  args.flag("--user", for_user, "for the user's own systemd");
  if (const auto done = args.parse(context)) return *done;

  const auto opened = open_stack(context);
  if (!opened) return Exit::bad_input;
  const auto supervisor = find_program("exai-supervisor", program_search_path(context.environment));
  if (!supervisor)
    return complain(context, Exit::not_ok, "exai-supervisor is neither beside exai nor in PATH");
  UnitFile unit;
  unit.stack = *opened->stack;
  unit.supervisor = std::filesystem::absolute(*supervisor).string();
  unit.exai = executable_path().string();
  unit.state = opened->workspace.state.string();
  unit.user = for_user ? "" : user_name();
  context.out.write(unit_text(unit));
  return Exit::ok;
}

constexpr std::array kVerbs = {
    Command{"export systemd", "print a systemd unit for this stack", export_systemd},
};

}  // namespace

Exit export_command(Context& context, Args& args) {
  return run_verb(context, args, "The stack as others want to have it described.", kVerbs);
}

}  // namespace exai::cli
