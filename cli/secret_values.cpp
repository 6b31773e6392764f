// exai secret set, get and remove: one value.
#include <algorithm>

#include "cli/secret_store.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit secret_set(Context& context, Args& args);
Exit secret_get(Context& context, Args& args);
Exit secret_remove(Context& context, Args& args);

namespace {

constexpr std::size_t kShortest = 16;
constexpr std::size_t kLongest = 1024;

Exit print_kept(Context& context, const StorePlace& place, const std::string& name,
                const secrets::Facts& facts) {
  if (context.json)
    context.out.print_json(to_json(name, facts));
  else
    context.out.print("{} is in {}\n", told(name, facts), place.shown());
  if (place.stack && consumers_of(place, name).empty())
    context.err.print("note: no service uses {}; add it to the `secrets` of one\n", name);
  return Exit::ok;
}

// Nothing: misuse was told.
std::optional<std::string> one_name(Context& context, Args& args,
                                    const std::vector<std::string>& names) {
  if (names.size() == 1) return names.front();
  args.misuse(context, names.empty() ? "the NAME of the secret is missing" : "one NAME at a time");
  return std::nullopt;
}

}  // namespace

Exit secret_set(Context& context, Args& args) {
  std::vector<std::string> names;
  std::string expires;
  std::size_t generate = 0;
  args.about(
      "Keeps a value under NAME, read from stdin (without the newline at its end) or asked for at\n"
      "the terminal. A value that is there already is replaced; services that run keep what they\n"
      "have until they are restarted, see exai secret rotate.\n\n"
      "  exai secret set KIMI_API_KEY --expires 90d\n"
      "  pass show kimi | exai secret set KIMI_API_KEY\n"
      "  exai secret set EXAI_WS_TOKEN --generate 32");
  args.words("NAME", names, "name of the variable");
  args.text("--expires", "TIME", expires, "how long it is good: 90d, 12h");
  args.number("--generate", "N", generate, "make N random letters and digits instead of reading");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  const auto name = one_name(context, args, names);
  if (!name) return Exit::bad_input;
  const auto until = parse_expiry(expires);
  if (!until) return args.misuse(context, "--expires: " + until.error().message());
  if (generate != 0 && (generate < kShortest || generate > kLongest))
    return args.misuse(context, "--generate: from 16 to 1024 characters");
  const auto place = require_store(context);
  if (!place) return Exit::bad_input;

  auto value = generate != 0 ? Result<Secret>(Secret(random_token(generate))) : take_value(*name);
  if (!value) return complain(context, Exit::not_ok, value.error().message());
  context.redactor->add(*name, *value);
  auto editor = open_editor(context, *place);
  if (!editor) return Exit::not_ok;
  const auto kept = editor->set({{*name, *value, *until}}, std::chrono::system_clock::now());
  if (!kept) return complain(context, Exit::not_ok, kept.error().message());
  return print_kept(context, *place, *name, editor->metadata().at(*name));
}

Exit secret_get(Context& context, Args& args) {
  std::vector<std::string> names;
  bool reveal = false;
  bool previous = false;
  args.about(
      "Prints the value of NAME without a newline, for a pipe. On a terminal it wants to be told\n"
      "that nobody looks over your shoulder.\n\n"
      "  exai secret get KIMI_API_KEY | wl-copy\n"
      "  exai secret get KIMI_API_KEY --reveal");
  args.words("NAME", names, "name of the variable");
  args.flag("--reveal", reveal, "on a terminal too");
  args.flag("--previous", previous, "the value before a rotation that is not finished");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  const auto name = one_name(context, args, names);
  if (!name) return Exit::bad_input;
  if (context.out.terminal() && !reveal)
    return complain(context, Exit::bad_input,
                    "the value would stand on the terminal; pipe it on, or say --reveal");
  const auto place = require_store(context);
  if (!place) return Exit::bad_input;
  const auto content = secrets::read_content(secrets::place_of(place->store), context.environment);
  if (!content) return complain(context, Exit::not_ok, content.error().message());
  const secrets::Values& values = previous ? content->previous : content->current;
  const auto found = values.find(*name);
  if (found == values.end()) {
    std::vector<std::string> known;
    for (const auto& [each, value] : values) known.push_back(each);
    return complain(context, Exit::not_ok, unknown_word("secret", *name, known));
  }
  const std::string_view value = found->second.reveal();
  if (context.json)
    context.out.reveal(to_pretty_text(json::object{{"name", *name}, {"value", value}}));
  else
    context.out.reveal(value);
  if (!context.json && context.out.terminal()) context.out.write("\n");
  return Exit::ok;
}

Exit secret_remove(Context& context, Args& args) {
  std::vector<std::string> names;
  args.about(
      "Removes NAME and its value from the store, also the value before a rotation. Services that\n"
      "run keep what they have.\n\n"
      "  exai secret remove GLM_API_KEY");
  args.words("NAME", names, "name of the variable");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  const auto name = one_name(context, args, names);
  if (!name) return Exit::bad_input;
  const auto place = require_store(context);
  if (!place) return Exit::bad_input;
  auto editor = open_editor(context, *place);
  if (!editor) return Exit::not_ok;
  const auto removed = editor->remove(*name);
  if (!removed) return complain(context, Exit::not_ok, removed.error().message());
  if (context.json)
    context.out.print_json(json::object{{"removed", *name}});
  else
    context.out.print("{} is no longer in {}\n", *name, place->shown());
  return Exit::ok;
}

}  // namespace exai::cli
