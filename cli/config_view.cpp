#include "cli/config_view.hpp"

#include <array>

#include "cli/table.hpp"
#include "core/base/text.hpp"
#include "core/config/option_values.hpp"

namespace exai::cli {

namespace {

using config::Matrix;
using config::MatrixRow;
using config::ShownValue;

constexpr std::string_view kUnset = "–";

std::string text_of(const ShownValue& value) {
  if (!value.is_set) return std::string(kUnset);
  return value.text.empty() ? "\"\"" : value.text;
}

// "6379 (default)"
std::string with_place(const ShownValue& value) {
  return value.is_set ? fmt::format("{} ({})", text_of(value), value.from) : text_of(value);
}

Tone tone_of(const MatrixRow& row, const ShownValue& value) {
  if (!value.is_set || value.from == "default") return Tone::dim;
  return row.same ? Tone::plain : Tone::warn;
}

std::string matrix_table(const Matrix& matrix, int width, Colours colours) {
  Table table{{{"OPTION"}}, {}, 1};
  for (const std::string& environment : matrix.environments) table.columns.push_back({environment});
  for (const MatrixRow& row : matrix.rows) {
    Row line{{Cell(row.name, Tone::strong)}};
    for (const ShownValue& value : row.values)
      line.cells.emplace_back(with_place(value), tone_of(row, value));
    table.rows.push_back(std::move(line));
  }
  return layout(table, width, colours);
}

std::string escaped(std::string_view text, std::string_view special) {
  std::string result;
  for (const char c : text) {
    if (special.find(c) != special.npos) result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

std::string matrix_markdown(const Matrix& matrix) {
  std::string text = "| Option |";
  std::string rule = "\n|---|";
  for (const std::string& environment : matrix.environments) {
    text += fmt::format(" {} |", escaped(environment, "|\\`*_"));
    rule += "---|";
  }
  text += rule + "\n";
  for (const MatrixRow& row : matrix.rows) {
    text += fmt::format("| `{}` |", row.name);
    for (const ShownValue& value : row.values)
      text += fmt::format(" {} |", escaped(with_place(value), "|\\`*_<>"));
    text += "\n";
  }
  return text;
}

std::string html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else
      result += c;
  }
  return result;
}

constexpr std::string_view kHtmlHead =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<title>Configuration matrix</title>\n<style>\n"
    "body{font:14px/1.4 system-ui,sans-serif;margin:2em}table{border-collapse:collapse}\n"
    "th,td{border:1px solid #ccc;padding:.25em .6em;text-align:left;vertical-align:top}\n"
    "thead th{position:sticky;top:0;background:#fff}td small{color:#666;display:block}\n"
    ".differs td{background:#fff6d9}\n</style>\n</head>\n<body>\n"
    "<h1>Configuration matrix</h1>\n<table>\n<thead><tr><th>Option</th>";

std::string matrix_html(const Matrix& matrix) {
  std::string text(kHtmlHead);
  for (const std::string& environment : matrix.environments)
    text += fmt::format("<th>{}</th>", html(environment));
  text += "</tr></thead>\n<tbody>\n";
  for (const MatrixRow& row : matrix.rows) {
    text += fmt::format("<tr{}><th><code>{}</code></th>", row.same ? "" : " class=\"differs\"",
                        html(row.name));
    for (const ShownValue& value : row.values)
      text += fmt::format("<td>{}<small>{}</small></td>", html(text_of(value)), html(value.from));
    text += "</tr>\n";
  }
  return text + "</tbody>\n</table>\n</body>\n</html>\n";
}

json::value value_json(const ShownValue& value) {
  if (!value.is_set) return nullptr;
  return json::object{{"value", value.text}, {"from", value.from}};
}

std::string_view type_of(const config::Option& option) {
  constexpr std::array<std::string_view, 4> kNames = {"text", "integer", "number", "true or false"};
  return kNames.at(static_cast<std::size_t>(option.type));
}

json::array texts(const std::vector<std::string>& list) {
  json::array result;
  for (const std::string& text : list) result.emplace_back(text);
  return result;
}

// "integer, port, between 1 and 65535"
std::string shape_of(const config::Option& option) {
  std::vector<std::string> parts{std::string(type_of(option))};
  if (!option.unit.empty()) parts.push_back(option.unit);
  if (!option.choices.empty()) parts.push_back("one of " + join(option.choices, ", "));
  if (const std::string range = config::describe_range(option); !range.empty())
    parts.push_back(range);
  return join(parts, ", ");
}

json::object option_json(const config::Option& option) {
  json::object object{{"group", option.group},
                      {"type", std::string(type_of(option))},
                      {"unit", option.unit},
                      {"description", option.description}};
  object["default"] = option.default_value ? json::value(*option.default_value) : json::value();
  object["readers"] = texts(option.readers);
  return object;
}

}  // namespace

json::object matrix_json(const Matrix& matrix) {
  json::array options;
  for (const MatrixRow& row : matrix.rows) {
    json::object values;
    for (std::size_t i = 0; i < row.values.size(); ++i)
      values[matrix.environments[i]] = value_json(row.values[i]);
    options.push_back(json::object{{"name", row.name},
                                   {"group", row.group},
                                   {"unit", row.unit},
                                   {"secret", row.secret},
                                   {"same", row.same},
                                   {"values", std::move(values)}});
  }
  return {{"environments", texts(matrix.environments)}, {"options", std::move(options)}};
}

std::string render_matrix(const Matrix& matrix, MatrixFormat format, int width, Colours colours) {
  switch (format) {
    case MatrixFormat::table:
      return matrix_table(matrix, width, colours);
    case MatrixFormat::markdown:
      return matrix_markdown(matrix);
    case MatrixFormat::json:
      return to_pretty_text(matrix_json(matrix));
    case MatrixFormat::html:
      return matrix_html(matrix);
  }
  return {};
}

std::string render_explanation(const config::Explanation& story, const std::string& environment,
                               Colours colours) {
  const std::string name = painted(Tone::strong, story.name, colours);
  std::string text;
  if (story.chain.empty())
    text =
        fmt::format("{} is {} in {}\n", name,
                    story.generated ? "generated on the first `exai up`" : "not set", environment);
  else
    text = fmt::format("{} = {} in {}\n", name, printable(story.chain.front().value), environment);
  Table table{{{""}, {""}, {""}}, {}, 0};
  for (const config::Say& say : story.chain) {
    std::string remark = say.wins ? "wins" : "shadowed";
    if (!say.written.empty()) remark += ", written as " + say.written;
    const Tone tone = say.wins ? Tone::good : Tone::dim;
    table.rows.push_back({{Cell("  " + (say.value.empty() ? "\"\"" : say.value), tone),
                           Cell(say.from, tone), Cell(remark, Tone::dim)}});
  }
  text += layout(table, 0, colours);
  if (story.option != nullptr) {
    text += fmt::format("\n{}\n", story.option->description);
    text += fmt::format("  {}; read by {}\n", shape_of(*story.option),
                        join(story.option->readers, ", "));
  }
  return text;
}

json::object explanation_json(const config::Explanation& story, const std::string& environment) {
  json::array chain;
  for (const config::Say& say : story.chain)
    chain.push_back(json::object{{"value", say.value},
                                 {"from", say.from},
                                 {"written", say.written.empty() ? story.name : say.written},
                                 {"wins", say.wins}});
  json::object object{{"name", story.name},
                      {"environment", environment},
                      {"secret", story.secret},
                      {"generated", story.generated}};
  object["value"] = story.chain.empty() ? json::value() : json::value(story.chain.front().value);
  object["from"] = story.chain.empty() ? json::value() : json::value(story.chain.front().from);
  object["chain"] = std::move(chain);
  if (story.option != nullptr) object["option"] = option_json(*story.option);
  return object;
}

}  // namespace exai::cli
