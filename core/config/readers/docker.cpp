// docker run --env-file: lines of NAME=VALUE as they are; only quotes around a whole value go.
#include "core/base/text.hpp"
#include "core/config/places.hpp"
#include "core/config/readers/readers.hpp"
#include "core/config/unicode.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMaxLine = std::size_t{64} << 10U;

std::string_view without_leading_space(std::string_view line) {
  while (!line.empty()) {
    const CodePoint c = code_point_at(line, 0);
    if (!is_space(c.value)) break;
    line.remove_prefix(c.length);
  }
  return line;
}

std::string_view without_quotes(std::string_view value) {
  const bool quoted = value.size() >= 2 && value.front() == value.back() &&
                      (value.front() == '\'' || value.front() == '"');
  return quoted ? value.substr(1, value.size() - 2) : value;
}

// Returns: why the file is refused; empty to go on.
std::string read_line(std::string_view line, const Lookup& environment, ReaderView& view) {
  if (line.size() >= kMaxLine) return "a line is longer than 64 KiB";
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!is_utf8(line)) return "it is not UTF-8";
  line = without_leading_space(line);
  if (line.empty() || line.front() == '#') return "";
  const std::size_t equals = line.find('=');
  const std::string_view key = line.substr(0, equals);
  if (key.empty()) return "a line has no name before its \"=\"";
  if (key.find_first_of(" \t") != std::string_view::npos)
    return fmt::format("the name \"{}\" contains blanks", printable(key));
  if (equals != std::string_view::npos) {
    view.values.insert_or_assign(std::string(key),
                                 std::string(without_quotes(line.substr(equals + 1))));
    view.remarks.erase(std::string(key));
  } else if (const auto value = environment(key)) {
    view.values.insert_or_assign(std::string(key), std::string(without_quotes(*value)));
  } else if (!view.values.contains(key)) {
    view.remarks.insert_or_assign(std::string(key), "inherited, and not set");
  }
  return "";
}

}  // namespace

ReaderView read_as_docker(std::string_view text, const Lookup& environment) {
  ReaderView view;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty() && view.refusal.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    view.refusal = read_line(text.substr(0, end), environment, view);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return view;
}

}  // namespace exai::config
