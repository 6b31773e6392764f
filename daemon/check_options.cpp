// A step of the build: is every option of the table read by those that it names, and nothing else?
// exaid is asked by letting it read; the stack file and its templates (the arguments) are searched
// for references; of validate's options there must be a rule. A name that exaid reads but the table
// does not list aborts in the reader, which says which.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/base/os.hpp"
#include "daemon/settings.hpp"

namespace exai {
namespace {

using config::Option;
using config::OptionTable;

// The names in ${NAME}, ${NAME:-default} and in quotes: "NAME".
std::set<std::string> names_in(std::string_view text) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  std::set<std::string> names;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool opens = text.substr(at, 2) == "${" || text[at] == '"';
    if (!opens) continue;
    const std::size_t begin = at + (text[at] == '$' ? 2 : 1);
    const std::size_t end = std::min(text.find_first_not_of(kLetters, begin), text.size());
    if (end > begin) names.emplace(text.substr(begin, end - begin));
  }
  return names;
}

int complain(std::string_view option, std::string_view what) {
  fmt::print(stderr, "schemas/options.schema.json: {} {}\n", option, what);
  return 1;
}

int check_exaid(const OptionTable& table) {
  const auto nothing = [](const config::Path&) -> Result<std::string> { return std::string(); };
  config::OptionReader reader(table, "exaid", {}, nothing);
  read_settings(reader);
  int wrong = 0;
  for (const std::string& name : reader.unread())
    wrong += complain(name, "lists exaid as a reader, but daemon/settings.cpp does not read it");
  return wrong;
}

int check_stack(const OptionTable& table, const std::set<std::string>& named) {
  int wrong = 0;
  for (const Option& option : table.options())
    if (option.is_read_by("stack") != named.contains(option.name))
      wrong += complain(option.name, option.is_read_by("stack")
                                         ? "lists stack as a reader, but the shipped stack file "
                                           "does not name it"
                                         : "is named in the shipped stack file: list the reader "
                                           "stack");
  return wrong;
}

int check_rules(const OptionTable& table) {
  std::set<std::string> in_rules;
  for (const config::OptionRule& rule : table.rules())
    for (const std::string& name : rule.names()) in_rules.insert(name);
  int wrong = 0;
  for (const Option& option : table.options())
    if (option.is_read_by("validate") && !in_rules.contains(option.name))
      wrong += complain(option.name, "lists validate as a reader, but is in no rule");
  return wrong;
}

int run(int argc, char** argv) {
  const auto table = OptionTable::parse(config::options_schema_text());
  if (!table) return complain("the table", "is not sound: " + table.error().message());
  std::set<std::string> named;
  for (int i = 1; i < argc; ++i) {
    const auto text = read_file(argv[i]);
    if (!text) return complain(argv[i], text.error().message());
    named.merge(names_in(*text));
  }
  const int wrong = check_exaid(*table) + check_stack(*table, named) + check_rules(*table);
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace exai

int main(int argc, char** argv) {
  return exai::run(argc, argv);
}
