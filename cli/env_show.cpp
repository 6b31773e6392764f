// exai env show: the variables that a reader gets from environment files.
#include "cli/args.hpp"
#include "cli/env_files.hpp"
#include "cli/table.hpp"
#include "core/base/text.hpp"
#include "core/config/unicode.hpp"

namespace exai::cli {

Exit env_show(Context& context, Args& args);

namespace {

// Compose does not care about UTF-8, but JSON does.
std::string as_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = config::code_point_at(bytes, at).length;
    const std::string_view one = bytes.substr(at, length);
    text += is_utf8(one) ? one : "\xEF\xBF\xBD";
    at += length;
  }
  return text;
}

void print_object(Context& context, const std::vector<EnvValue>& values) {
  json::object object;
  for (const EnvValue& one : values) object[as_utf8(one.name)] = as_utf8(one.value);
  context.out.print_json(object);
}

void print_table(Context& context, const std::vector<EnvValue>& values, bool reveal) {
  if (values.empty()) {
    context.out.write("no variables\n");
    return;
  }
  Table table{{{"NAME"}, {"VALUE"}, {"SET IN"}}, {}, 1};
  for (const EnvValue& one : values) {
    const bool hidden = !reveal && !one.value.empty() && is_secret_name(one.name);
    table.rows.push_back({{{one.name, Tone::strong},
                           hidden ? Cell(kHidden, Tone::dim) : Cell(one.value),
                           Cell(fmt::format("{}:{}", one.file, one.line), Tone::dim)}});
  }
  context.out.write(layout(table, context.out.width(), context.out.colours()));
}

}  // namespace

Exit env_show(Context& context, Args& args) {
  std::vector<std::string> names;
  bool reveal = false;
  args.about(
      "The variables that Docker Compose gets from the files (default: .env), later files over\n"
      "earlier ones, references replaced. The environment of this process comes first for\n"
      "references and gives names without \"=\" their value. Exit 2 when a file is refused.\n\n"
      "The table hides values of secrets; --json prints one object of all names and values as\n"
      "they are.");
  args.words("FILE", names, "environment files");
  args.flag("--reveal", reveal, "show secrets in the table too");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (names.empty()) names.emplace_back(".env");

  const auto files = read_env_files(context, names);
  if (!files || !report_env_files(context, *files)) return Exit::bad_input;
  const std::vector<EnvValue> values = env_values(*files);
  if (context.json)
    print_object(context, values);
  else
    print_table(context, values, reveal);
  return Exit::ok;
}

}  // namespace exai::cli
