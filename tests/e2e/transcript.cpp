#include "tests/e2e/transcript.hpp"

#include <algorithm>

namespace exai::e2e {
namespace {

constexpr std::string_view kAnyLines = "{{...}}";

// A part of an expected line: text as it is, any text, or a word under a name.
struct Part {
  enum class Kind { text, any, word } kind;
  std::string text;  // or the name
};

std::vector<Part> parts_of(std::string_view line) {
  std::vector<Part> parts;
  while (!line.empty()) {
    const std::size_t open = line.find("{{");
    const std::size_t close = open == std::string_view::npos ? open : line.find("}}", open);
    if (close == std::string_view::npos) break;
    if (open > 0) parts.push_back({Part::Kind::text, std::string(line.substr(0, open))});
    const std::string name(line.substr(open + 2, close - open - 2));
    parts.push_back({name == "*" ? Part::Kind::any : Part::Kind::word, name});
    line.remove_prefix(close + 2);
  }
  if (!line.empty()) parts.push_back({Part::Kind::text, std::string(line)});
  return parts;
}

std::string squeeze(std::string_view text) {
  std::string squeezed;
  for (const char c : text)
    if (c != ' ' || !squeezed.ends_with(' ')) squeezed += c;
  while (squeezed.ends_with(' ')) squeezed.pop_back();
  return squeezed;
}

// Backtracking: the shortest text for each hole that lets the rest match.
bool match_parts(const std::vector<Part>& parts, std::size_t at, std::string_view text,
                 Values& values) {
  if (at == parts.size()) return text.empty();
  const Part& part = parts[at];
  if (part.kind == Part::Kind::text)
    return text.starts_with(part.text) &&
           match_parts(parts, at + 1, text.substr(part.text.size()), values);
  if (part.kind == Part::Kind::word) {
    const auto known = values.find(part.text);
    if (known != values.end())
      return text.starts_with(known->second) &&
             match_parts(parts, at + 1, text.substr(known->second.size()), values);
  }
  const bool word = part.kind == Part::Kind::word;
  for (std::size_t taken = word ? 1 : 0; taken <= text.size(); ++taken) {
    if (word && text[taken - 1] == ' ') return false;
    Values extended = values;
    if (word) extended[part.text] = std::string(text.substr(0, taken));
    if (!match_parts(parts, at + 1, text.substr(taken), extended)) continue;
    values = std::move(extended);
    return true;
  }
  return false;
}

bool match_line(const std::string& expected, const std::string& actual, Values& values) {
  if (expected.find("{{") == std::string::npos) return expected == actual;
  return match_parts(parts_of(squeeze(expected)), 0, squeeze(actual), values);
}

bool match_lines(const Lines& expected, std::size_t e, const Lines& actual, std::size_t a,
                 Values& values) {
  if (e == expected.size()) return a == actual.size();
  if (expected[e] == kAnyLines) {
    for (std::size_t skip = a; skip <= actual.size(); ++skip) {
      Values extended = values;
      if (!match_lines(expected, e + 1, actual, skip, extended)) continue;
      values = std::move(extended);
      return true;
    }
    return false;
  }
  return a < actual.size() && match_line(expected[e], actual[a], values) &&
         match_lines(expected, e + 1, actual, a + 1, values);
}

void trim_empty_end(Lines& lines, Lines& into) {
  while (!lines.empty() && lines.back().empty()) {
    into.insert(into.begin(), "");
    lines.pop_back();
  }
}

}  // namespace

Lines split_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Transcript parse(std::string_view text) {
  Transcript transcript;
  Lines before;  // comments and empty lines, until the next command
  const Lines lines = split_lines(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    const bool in_step = !transcript.steps.empty() && before.empty();
    Step* step = in_step ? &transcript.steps.back() : nullptr;
    if (line.starts_with("$ ")) {
      if (step) trim_empty_end(step->expected, before);
      transcript.steps.push_back(
          {.line = i + 1, .before = before, .command = line.substr(2), .expected = {}});
      before.clear();
    } else if (step && step->expected.empty() && (line == ">" || line.starts_with("> "))) {
      step->command += "\n" + line.substr(std::min<std::size_t>(2, line.size()));
    } else if (!step || (line.starts_with("# ") && i > 0 && lines[i - 1].empty())) {
      if (step) trim_empty_end(step->expected, before);
      before.push_back(line);
    } else {
      step->expected.push_back(line);
    }
  }
  if (!transcript.steps.empty() && before.empty())
    trim_empty_end(transcript.steps.back().expected, before);
  transcript.after = before;
  return transcript;
}

std::string render(const Transcript& transcript) {
  std::string text;
  const auto add = [&text](const Lines& lines) {
    for (const std::string& line : lines) text += line + "\n";
  };
  for (const Step& step : transcript.steps) {
    add(step.before);
    const Lines command = split_lines(step.command);
    for (std::size_t i = 0; i < command.size(); ++i)
      text += (i == 0 ? "$ " : command[i].empty() ? ">" : "> ") + command[i] + "\n";
    add(step.expected);
  }
  add(transcript.after);
  return text;
}

std::string expand(std::string_view text, Values& values, const Make& make) {
  std::string expanded;
  while (true) {
    const std::size_t open = text.find("{{");
    const std::size_t close = open == std::string_view::npos ? open : text.find("}}", open);
    if (close == std::string_view::npos) return expanded.append(text);
    const std::string name(text.substr(open + 2, close - open - 2));
    if (!values.contains(name))
      if (const auto made = make(name)) values[name] = *made;
    const auto known = values.find(name);
    expanded.append(text.substr(0, open));
    expanded.append(known == values.end() ? text.substr(open, close + 2 - open)
                                          : std::string_view(known->second));
    text.remove_prefix(close + 2);
  }
}

bool matches(const Lines& expected, const Lines& actual, Values& values) {
  Values extended = values;
  if (!match_lines(expected, 0, actual, 0, extended)) return false;
  values = std::move(extended);
  return true;
}

Lines with_holes(const Lines& actual, const Values& values) {
  std::vector<std::pair<std::string, std::string>> longest_first;
  for (const auto& [name, value] : values)
    if (value.size() >= 4) longest_first.emplace_back(value, "{{" + name + "}}");
  std::sort(longest_first.begin(), longest_first.end(),
            [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  Lines lines = actual;
  for (std::string& line : lines)
    for (const auto& [value, hole] : longest_first)
      for (std::size_t at = line.find(value); at != std::string::npos;
           at = line.find(value, at + hole.size()))
        line.replace(at, value.size(), hole);
  return lines;
}

}  // namespace exai::e2e
