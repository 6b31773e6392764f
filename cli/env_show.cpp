// exai env show: the variables that a reader gets from environment files.
#include "cli/args.hpp"
#include "cli/env_files.hpp"
#include "cli/table.hpp"
#include "core/base/text.hpp"
#include "core/config/dotenv_readers.hpp"
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
  Table table{{{"NAME"}, {"VALUE"}}, {}, 1};
  if (!values.front().file.empty()) table.columns.push_back({"SET IN"});
  for (const EnvValue& one : values) {
    const bool hidden = !reveal && !one.value.empty() && is_confidential(one.name);
    Row row{{{one.name, Tone::strong}, hidden ? Cell(kHidden, Tone::dim) : Cell(one.value)}};
    if (!one.file.empty())
      row.cells.push_back(Cell(fmt::format("{}:{}", one.file, one.line), Tone::dim));
    table.rows.push_back(std::move(row));
  }
  context.out.write(layout(table, context.out.width(), context.out.colours()));
}

std::vector<std::string> reader_names() {
  std::vector<std::string> names;
  for (const config::DotenvReader reader : config::kDotenvReaders)
    names.emplace_back(config::name(reader));
  return names;
}

// The same files as another reader has them, later over earlier.
config::ReaderView read_by(config::DotenvReader reader, const Context& context,
                           const std::vector<EnvFile>& files) {
  config::ReaderView all;
  const config::Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    if (const auto outer = context.environment.find(name); outer != context.environment.end())
      return outer->second;
    const auto earlier = all.values.find(name);
    return earlier == all.values.end() ? std::nullopt : std::optional(earlier->second);
  };
  for (const EnvFile& file : files) {
    config::ReaderView view = config::read_as(reader, file.source->text, lookup);
    if (!view.refusal.empty()) all.refusal = file.name + ": " + view.refusal;
    for (auto& [name, value] : view.values) all.values.insert_or_assign(name, std::move(value));
    for (auto& [name, remark] : view.remarks)
      if (!all.values.contains(name)) all.remarks.insert_or_assign(name, std::move(remark));
  }
  return all;
}

Exit show_by(config::DotenvReader reader, Context& context, const std::vector<EnvFile>& files,
             bool reveal) {
  const config::ReaderView view = read_by(reader, context, files);
  if (!view.refusal.empty())
    return complain(context, Exit::bad_input,
                    fmt::format("{} refuses {}", config::description(reader), view.refusal));
  std::vector<EnvValue> values;
  for (const auto& [name, value] : view.values) values.push_back({name, value, "", 0});
  if (context.json)
    print_object(context, values);
  else
    print_table(context, values, reveal);
  for (const auto& [name, remark] : view.remarks)
    context.err.print("{}: {}\n", printable(name), remark);
  return Exit::ok;
}

}  // namespace

Exit env_show(Context& context, Args& args) {
  std::vector<std::string> names;
  bool reveal = false;
  std::string reader(config::name(config::DotenvReader::compose));
  args.about(
      "The variables that Docker Compose gets from the files (default: .env), later files over\n"
      "earlier ones, references replaced. The environment of this process comes first for\n"
      "references and gives names without \"=\" their value. Exit 2 when a file is refused.\n\n"
      "The table hides values of secrets; --json prints one object of all names and values as\n"
      "they are. --reader shows what somebody else makes of the same files.");
  args.words("FILE", names, "environment files");
  args.one_of("--reader", "READER", reader, reader_names(), join(reader_names(), ", "));
  args.flag("--reveal", reveal, "show secrets in the table too");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (names.empty()) names.emplace_back(".env");

  const auto files = read_env_files(context, names);
  if (!files) return Exit::bad_input;
  const config::DotenvReader by = config::dotenv_reader(reader).value();
  for (const auto& [name, value] : read_by(by, context, *files).values)
    if (is_confidential(name)) hide_value(context, name, value);
  if (context.json || reveal) context.out.redact_with(nullptr);  // asked for the values themselves
  if (by != config::DotenvReader::compose) return show_by(by, context, *files, reveal);
  if (!report_env_files(context, *files)) return Exit::bad_input;
  const std::vector<EnvValue> values = env_values(*files);
  if (context.json)
    print_object(context, values);
  else
    print_table(context, values, reveal);
  return Exit::ok;
}

}  // namespace exai::cli
