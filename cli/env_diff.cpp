// exai env diff: two environment files, by what they say.
#include <map>

#include "cli/args.hpp"
#include "cli/env_files.hpp"
#include "cli/table.hpp"

namespace exai::cli {

Exit env_diff(Context& context, Args& args);

namespace {

struct Difference {
  std::string name;
  std::optional<std::string> first;
  std::optional<std::string> second;
};

std::vector<Difference> differences(const std::vector<EnvValue>& first,
                                    const std::vector<EnvValue>& second) {
  std::map<std::string_view, const EnvValue*> known;
  for (const EnvValue& one : second) known.emplace(one.name, &one);
  std::vector<Difference> result;
  for (const EnvValue& one : first) {
    const auto other = known.find(one.name);
    if (other == known.end()) {
      result.push_back({one.name, one.value, std::nullopt});
      continue;
    }
    if (other->second->value != one.value)
      result.push_back({one.name, one.value, other->second->value});
    known.erase(other);
  }
  for (const EnvValue& one : second)
    if (known.contains(one.name)) result.push_back({one.name, std::nullopt, one.value});
  return result;
}

std::optional<std::string> shown(const std::string& name, const std::optional<std::string>& value,
                                 bool reveal) {
  if (!value || value->empty() || reveal || !is_confidential(name)) return value;
  return kHidden;
}

Cell cell(const std::optional<std::string>& value) {
  return value ? Cell(*value) : Cell("not set", Tone::dim);
}

}  // namespace

Exit env_diff(Context& context, Args& args) {
  std::vector<std::string> names;
  bool reveal = false;
  args.about(
      "The names whose values differ between two files as Docker Compose reads them: comments,\n"
      "quotes and order do not count. Values of secrets are hidden. Exit 1 when they differ.\n"
      "(Environments of the stack: exai config diff dev prod.)\n\n"
      "  exai env diff .env .env.docker");
  args.words("FILE", names, "two environment files");
  args.flag("--reveal", reveal, "show secrets too");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (names.size() != 2) return args.misuse(context, "two files are compared");

  const auto first = read_env_files(context, {names[0]});
  const auto second = read_env_files(context, {names[1]});
  if (!first || !second) return Exit::bad_input;
  if (reveal) context.out.redact_with(nullptr);
  const bool accepted = report_env_files(context, *first);
  if (!report_env_files(context, *second) || !accepted) return Exit::bad_input;

  const auto found = differences(env_values(*first), env_values(*second));
  if (context.json) {
    json::array all;
    for (const Difference& one : found) {
      json::object object{{"name", one.name}};
      const auto put = [&](std::string_view key, const std::optional<std::string>& value) {
        const auto text = shown(one.name, value, reveal);
        object[key] = text ? json::value(*text) : json::value(nullptr);
      };
      put("first", one.first);
      put("second", one.second);
      all.push_back(std::move(object));
    }
    context.out.print_json(json::object{{"differences", std::move(all)}});
  } else if (found.empty()) {
    context.out.print("{} and {} say the same\n", names[0], names[1]);
  } else {
    Table table{{{"NAME"}, {names[0]}, {names[1]}}, {}, 1};
    for (const Difference& one : found)
      table.rows.push_back({{{one.name, Tone::strong},
                             cell(shown(one.name, one.first, reveal)),
                             cell(shown(one.name, one.second, reveal))}});
    context.out.write(layout(table, context.out.width(), context.out.colours()));
  }
  return found.empty() ? Exit::ok : Exit::not_ok;
}

}  // namespace exai::cli
