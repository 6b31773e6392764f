#include "cli/annotations.hpp"

#include <array>

#include "core/base/text.hpp"
#include "core/config/lint/lint.hpp"

namespace exai::cli {

namespace {

std::string escaped_data(std::string text) {
  text = replace_all(std::move(text), "%", "%25");
  text = replace_all(std::move(text), "\r", "%0D");
  return replace_all(std::move(text), "\n", "%0A");
}

std::string escaped_property(std::string text) {
  text = escaped_data(std::move(text));
  text = replace_all(std::move(text), ":", "%3A");
  return replace_all(std::move(text), ",", "%2C");
}

std::string_view command_of(config::Severity severity) {
  constexpr std::array<std::string_view, 3> kCommands = {"error", "warning", "notice"};
  return kCommands.at(static_cast<std::size_t>(severity));
}

// Columns only within one line: GitHub shows none otherwise.
std::string place_of(const config::Span& span, const config::Path& root) {
  if (!span) return {};
  std::string text = fmt::format("file={},line={},",
                                 escaped_property(path_from(root, *span.source)), span.begin.line);
  if (span.end.line > span.begin.line) return text + fmt::format("endLine={},", span.end.line);
  text += fmt::format("col={},", span.begin.column);
  if (span.end.column > span.begin.column) text += fmt::format("endColumn={},", span.end.column);
  return text;
}

std::string annotation(const config::Diagnostic& finding, const config::Path& root) {
  const config::Rule* rule = config::find_rule(finding.code);
  const std::string title =
      rule == nullptr ? finding.code : fmt::format("{} {}", finding.code, rule->name);
  std::string text = finding.message;
  if (!finding.help.empty()) text += "\nhelp: " + finding.help;
  for (const config::Related& related : finding.related) {
    const std::string place =
        related.span
            ? fmt::format("{}:{}: ", path_from(root, *related.span.source), related.span.begin.line)
            : "";
    text += fmt::format("\n{}note: {}", place, related.message);
  }
  return fmt::format("::{} {}title={}::{}\n", command_of(finding.severity),
                     place_of(finding.span, root), escaped_property(title),
                     escaped_data(std::move(text)));
}

}  // namespace

std::string path_from(const config::Path& root, const config::Source& source) {
  if (source.path.empty()) return source.name;
  const config::Path path = source.path.lexically_normal();
  const config::Path below = path.lexically_relative(root);
  return below.empty() || *below.begin() == ".." ? path.string() : below.string();
}

std::string annotations(const std::vector<Validated>& all, const config::Path& root) {
  std::string text;
  for (const Validated& one : all)
    for (const config::Diagnostic& finding : one.loaded.diagnostics)
      text += annotation(finding, root);
  return text;
}

}  // namespace exai::cli
