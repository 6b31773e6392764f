// exai secret rotate: a new value, the one before until nobody uses it.
//
//   rotate ──> new value, the old one beside it ──> services restarted ──> rotate ──> old one gone
//
// A service uses the value of the moment it was started: the supervisor reads the store then.
#include <algorithm>

#include "cli/engine.hpp"
#include "cli/secret_store.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit secret_rotate(Context& context, Args& args);

namespace {

struct Wishes {
  std::size_t length = 32;
  bool from_stdin = false;
  bool force = false;
  std::optional<WallTime> expires;
};

// Consumers that run, and were started before the value was changed.
std::vector<std::string> behind(const StorePlace& place, const std::string& name,
                                const std::optional<WallTime>& changed) {
  auto client = control::Client::connect(place.workspace.socket());
  if (!client) return {};  // nothing runs that a supervisor knows of
  const auto status = client->states();
  if (!status) return consumers_of(place, name);
  std::vector<std::string> found;
  const std::vector<std::string> consumers = consumers_of(place, name);
  for (const control::ServiceStatus& service : status->services) {
    const bool uses = contains(consumers, service.name);
    if (uses && service.pid != 0 && (!changed || !service.started || *service.started <= *changed))
      found.push_back(service.name);
  }
  return found;
}

Result<> replace(secrets::Editor& editor, Context& context, const std::string& name,
                 const Wishes& wishes) {
  auto value =
      wishes.from_stdin ? take_value(name) : Result<Secret>(Secret(random_token(wishes.length)));
  if (!value) return fail(std::move(value).error());
  context.redactor->add(name, *value);
  return editor.rotate({name, *value, wishes.expires}, std::chrono::system_clock::now());
}

Exit print_state(Context& context, const StorePlace& place, const std::string& name,
                 const secrets::Facts& facts, bool replaced,
                 const std::vector<std::string>& restart) {
  if (context.json) {
    json::object object = to_json(name, facts);
    json::array services;
    for (const std::string& service : restart) services.emplace_back(service);
    object["replaced"] = replaced;
    object["restart"] = std::move(services);
    context.out.print_json(object);
  } else {
    if (replaced) context.out.print("{} is in {}\n", told(name, facts), place.shown());
    if (restart.empty())
      context.out.print("nobody uses the value of before; it is gone\n");
    else
      context.out.print(
          "the value of before is kept, {} still {} it; go on with:\n"
          "  exai restart {} && exai secret rotate {}\n",
          join(restart, ", "), restart.size() == 1 ? "uses" : "use", join(restart, " "), name);
  }
  return restart.empty() || replaced ? Exit::ok : Exit::not_ok;
}

}  // namespace

Exit secret_rotate(Context& context, Args& args) {
  std::vector<std::string> names;
  Wishes wishes;
  std::string expires;
  args.about(
      "Replaces the value of NAME by random letters and digits, or by one that you give. The\n"
      "value of before is kept until every service that uses the secret has been restarted;\n"
      "then the same command again removes it. Nothing is lost when it is interrupted.\n"
      "Exit 1 when the second step finds a service that was not restarted.\n\n"
      "  exai secret rotate REDIS_PASSWORD\n"
      "  exai restart redis exaid && exai secret rotate REDIS_PASSWORD\n"
      "  exai secret rotate KIMI_API_KEY --stdin <new-key.txt");
  args.words("NAME", names, "name of the variable");
  args.number("--length", "N", wishes.length, "characters of the new value (default: 32)");
  args.flag("--stdin", wishes.from_stdin, "read the new value, or ask for it");
  args.flag("--force", wishes.force, "remove the value of before, whoever uses it");
  args.text("--expires", "TIME", expires, "how long the new value is good: 90d, 12h");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (names.size() != 1) return args.misuse(context, "which one? give the NAME of one secret");
  if (wishes.length < 16 || wishes.length > 1024)
    return args.misuse(context, "--length: from 16 to 1024 characters");
  const auto until = parse_expiry(expires);
  if (!until) return args.misuse(context, "--expires: " + until.error().message());
  wishes.expires = *until;
  const auto place = require_store(context);
  if (!place) return Exit::bad_input;
  auto editor = open_editor(context, *place);
  if (!editor) return Exit::not_ok;

  const std::string& name = names.front();
  const bool replaced = !editor->content().previous.contains(name);
  if (replaced)
    if (const auto done = replace(*editor, context, name, wishes); !done)
      return complain(context, Exit::not_ok, done.error().message());
  const secrets::Facts facts = editor->metadata().at(name);
  const auto restart =
      wishes.force ? std::vector<std::string>() : behind(*place, name, facts.changed);
  if (restart.empty())
    if (const auto done = editor->finish(name); !done)
      return complain(context, Exit::not_ok, done.error().message());
  return print_state(context, *place, name, facts, replaced, restart);
}

}  // namespace exai::cli
