// exai secret import: from environment files, and from sops, into the store.
#include <algorithm>

#include "cli/secret_store.hpp"
#include "core/base/contains.hpp"
#include "core/base/spawn.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/rules.hpp"
#include "core/config/resolve.hpp"

namespace exai::cli {

Exit secret_import(Context& context, Args& args);

namespace {

constexpr Duration kToolLimit = 60s;

using Pairs = std::vector<std::pair<std::string, Secret>>;

struct Wishes {
  std::vector<std::string> names;  // empty: all that are secret
  bool replace = false;
};

struct Plan {
  std::vector<secrets::Editor::Change> changes;
  std::vector<std::string> skipped;    // no secrets
  std::vector<std::string> conflicts;  // there with another value
};

// The diagnostics were printed when there is nothing.
std::optional<Pairs> read_dotenv(Context& context, const Path& path, const std::string& shown) {
  const auto text = read_file(path, 4U << 20U);
  if (!text) {
    complain(context, Exit::bad_input, text.error().message());
    return std::nullopt;
  }
  const auto none = [](std::string_view) { return std::nullopt; };
  auto source = std::make_shared<config::Source>(config::Source{shown, *text, path});
  const config::Dotenv file = config::parse_dotenv(source, none, none);
  source->hidden.push_back({0, text->size()});  // nothing of it is shown
  if (config::has_errors(file.diagnostics)) {
    context.err.write(config::render(file.diagnostics, diagnostic_colours(context.err)));
    return std::nullopt;
  }
  Pairs pairs;
  for (const config::DotenvEntry& entry : file.entries)
    if (entry.value && !entry.key.empty() && !entry.is_comment_as_value())
      pairs.emplace_back(entry.key, Secret(*entry.value));
  return pairs;
}

// sops decrypts; what it prints is JSON, whatever the file is.
Result<Pairs> read_sops(const Environment& environment, const Path& path) {
  const auto program = find_program("sops", program_search_path(environment));
  if (!program) return fail(Errc::not_found, "sops is not on this machine");
  SpawnSpec spec;
  spec.command = {program->string(), "--decrypt", "--output-type", "json", path.string()};
  spec.environment = environment;
  TRY(output, run_tool(std::move(spec), kToolLimit));
  const Secret text(std::move(output.out));
  if (!output.status.success())
    return fail(Errc::invalid, "sops could not decrypt {} ({}); see what it says: sops -d {}",
                path.string(), describe(output.status), path.string());
  const auto object = parse_json_object(text.reveal());
  if (!object) return fail(Errc::invalid, "what sops decrypted is no list of names and values");
  Pairs pairs;
  for (const auto& member : *object)
    if (member.value().is_string())
      pairs.emplace_back(member.key(), Secret(std::string(member.value().get_string())));
  return pairs;
}

bool is_wanted(const Wishes& wishes, const config::Names& known, const std::string& name) {
  if (!wishes.names.empty()) return contains(wishes.names, name);
  return known.is_confidential(name);
}

Plan plan_import(const Pairs& pairs, const Wishes& wishes, const secrets::Values& current) {
  config::Names known;
  known.options = &config::OptionTable::shipped();
  Plan plan;
  for (const auto& [name, value] : pairs) {
    const auto held = current.find(name);
    if (!is_wanted(wishes, known, name) || value.empty())
      plan.skipped.push_back(name);
    else if (held != current.end() && !(held->second == value) && !wishes.replace)
      plan.conflicts.push_back(name);
    else if (held == current.end() || !(held->second == value))
      plan.changes.push_back({name, value});
  }
  return plan;
}

json::array names_of(const std::vector<std::string>& names) {
  json::array list;
  for (const std::string& name : names) list.emplace_back(name);
  return list;
}

void print_plan(Context& context, const StorePlace& place, const Plan& plan,
                const std::string& file) {
  std::vector<std::string> kept;
  for (const auto& change : plan.changes) kept.push_back(change.name);
  if (context.json) {
    context.out.print_json(
        json::object{{"imported", names_of(kept)}, {"skipped", names_of(plan.skipped)}});
    return;
  }
  context.out.print("{} from {} into {}{}{}\n", count_of(kept.size(), "secret"), file,
                    place.shown(), kept.empty() ? "" : ": ", join(kept, ", "));
  if (!plan.skipped.empty())
    context.out.print(
        "left where they are, no secrets by their names: {}\n"
        "  (name them to import them all the same)\n",
        join(plan.skipped, ", "));
  if (!kept.empty()) context.out.print("now remove them from {}\n", file);
}

}  // namespace

Exit secret_import(Context& context, Args& args) {
  std::vector<std::string> words;
  Wishes wishes;
  bool sops = false;
  args.about(
      "Takes the secrets of an environment file into the store: the names that the option table\n"
      "knows as secrets or that sound like one, or those that are named. The file stays as it is.\n"
      "Nothing is imported when a name is in the store with another value (see --replace).\n\n"
      "  exai secret import .env\n"
      "  exai secret import .env STRIPE_SIGNING DB_URL --env prod\n"
      "  exai secret import --from-sops secrets.enc.yaml");
  args.words("FILE NAME", words, "the file, then names (default: all that are secret)");
  args.flag("--from-sops", sops, "the file is one of sops, which must be on this machine");
  args.flag("--replace", wishes.replace, "values that are in the store already, too");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (words.empty()) return args.misuse(context, "the FILE is missing");
  wishes.names.assign(words.begin() + 1, words.end());
  const auto place = require_store(context);
  if (!place) return Exit::bad_input;

  std::optional<Pairs> pairs;
  if (sops) {
    auto read = read_sops(context.environment, words.front());
    if (!read) return complain(context, Exit::not_ok, read.error().message());
    pairs = std::move(*read);
  } else {
    pairs = read_dotenv(context, words.front(), words.front());
  }
  if (!pairs) return Exit::bad_input;
  for (const auto& [name, value] : *pairs) context.redactor->add(name, value);
  auto editor = open_editor(context, *place);
  if (!editor) return Exit::not_ok;
  const Plan plan = plan_import(*pairs, wishes, editor->content().current);
  if (!plan.conflicts.empty())
    return complain(
        context, Exit::not_ok,
        fmt::format("nothing was imported: {} in the store with another value; to "
                    "replace, say --replace",
                    join(plan.conflicts, ", ") + (plan.conflicts.size() == 1 ? " is" : " are")));
  if (!plan.changes.empty())
    if (const auto done = editor->set(plan.changes, std::chrono::system_clock::now()); !done)
      return complain(context, Exit::not_ok, done.error().message());
  print_plan(context, *place, plan, words.front());
  return Exit::ok;
}

}  // namespace exai::cli
