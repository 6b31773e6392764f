// exai env check: environment files beside their examples.
#include "cli/args.hpp"
#include "cli/env_files.hpp"
#include "core/base/text.hpp"
#include "core/config/env_compare.hpp"

namespace exai::cli {

Exit env_check(Context& context, Args& args);

namespace {

using Item = config::EnvComparison::Item;

config::EnvComparison compare(const EnvPair& pair) {
  return config::compare_env({pair.example.source->text, pair.example.parsed.entries},
                             {pair.file.source->text, pair.file.parsed.entries});
}

json::array to_json(const std::vector<Item>& items) {
  json::array array;
  for (const Item& one : items) {
    json::object object{{"name", one.key}, {"section", one.section}, {"line", one.line}};
    if (!one.other.empty()) object["example_section"] = one.other;
    array.push_back(std::move(object));
  }
  return array;
}

json::object to_json(const EnvPair& pair, const config::EnvComparison& found) {
  return {{"file", pair.file.name},
          {"example", pair.example.name},
          {"missing", to_json(found.missing)},
          {"extra", to_json(found.extra)},
          {"moved", to_json(found.moved)},
          {"reordered", to_json(found.reordered)},
          {"reworded", to_json(found.reworded)}};
}

std::string in_section(const std::string& section) {
  return section.empty() ? "above all sections" : fmt::format("under \"{}\"", printable(section));
}

void print(Context& context, const EnvPair& pair, const config::EnvComparison& found) {
  if (found.empty()) {
    context.out.print("{} fits {}\n", pair.file.name, pair.example.name);
    return;
  }
  context.out.print("{} beside {}\n", pair.file.name, pair.example.name);
  const auto lines = [&](const std::vector<Item>& items, std::string_view what, Tone tone,
                         const EnvFile& where, const auto& more) {
    for (const Item& one : items)
      context.out.print("  {} {}  {}:{}{}\n", context.out.paint(tone, fmt::format("{:<9}", what)),
                        printable(one.key), where.name, one.line, more(one));
  };
  const auto nothing = [](const Item&) { return std::string(); };
  lines(found.missing, "missing", Tone::bad, pair.example, nothing);
  lines(found.extra, "extra", Tone::warn, pair.file, nothing);
  lines(found.moved, "moved", Tone::warn, pair.file, [](const Item& one) {
    return fmt::format("  {}, in the example {}", in_section(one.section), in_section(one.other));
  });
  lines(found.reordered, "order", Tone::dim, pair.file, nothing);
  lines(found.reworded, "comment", Tone::dim, pair.file, nothing);
}

}  // namespace

Exit env_check(Context& context, Args& args) {
  std::vector<std::string> names;
  std::string example;
  args.about(
      "What each file lacks of its example (FILE.example, else the .env.example beside it), what\n"
      "it has beyond it, and where sections, order and comments have drifted. Names that are\n"
      "commented out in the example may be missing. Without FILE: all files of this folder that\n"
      "have an example. Exit 1 when a name is missing.\n\n"
      "  exai env check .env .env.docker");
  args.words("FILE", names, "environment files");
  args.text("--example", "FILE", example, "compare with this one");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  const auto pairs = read_env_pairs(context, names, example);
  if (!pairs) return Exit::bad_input;
  Exit exit = Exit::ok;
  json::array files;
  for (const EnvPair& pair : *pairs) {
    const config::EnvComparison found = compare(pair);
    if (!found.missing.empty()) exit = Exit::not_ok;
    if (context.json)
      files.push_back(to_json(pair, found));
    else
      print(context, pair, found);
  }
  if (context.json) context.out.print_json(json::object{{"files", std::move(files)}});
  if (exit != Exit::ok && !context.json)
    context.out.write("to put in what is missing: exai env sync\n");
  return exit;
}

}  // namespace exai::cli
