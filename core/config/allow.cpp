#include "core/config/allow.hpp"

#include <algorithm>
#include <array>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/lint.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

constexpr std::string_view kMark = "exai:allow";
constexpr std::size_t kMostAllowances = 1000;  // of one file

struct Allowance {
  SourcePtr source;
  Span span;  // from the mark to the end of the code
  std::string code;
  std::string reason;
  std::uint32_t last_line = 0;  // about the comment's line up to this one
  bool hidden = false;          // it stands in what may be a secret
  bool used = false;
};

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Whether what begins at `at` is the first of a comment: only blanks are between it and a # at the
// beginning of the line or after a blank.
bool begins_comment(std::string_view text, std::size_t at) {
  while (at > 0 && is_blank(text[at - 1])) --at;
  if (at == 0 || text[at - 1] != '#') return false;
  return at == 1 || is_blank(text[at - 2]) || text[at - 2] == '\n';
}

// The lines that a comment at `at` is about: its own, and when it stands alone the next one that
// is no comment.
std::uint32_t last_line_of(std::string_view text, std::size_t at, std::uint32_t line) {
  for (at = line_begin(text, at); at < text.size(); ++line) {
    const std::size_t end = line_end(text, at);
    if (end == text.size() || !trim(text.substr(at, end - at)).starts_with('#')) return line;
    at = end + 1;
  }
  return line;
}

// `above` is the allowance in front of this one: of comments that stand one below the other, each
// is about the same lines.
Allowance read_allowance(const SourcePtr& source, Places& places, std::size_t mark,
                         const Allowance* above) {
  const std::string_view text = source->text;
  std::size_t begin = mark + kMark.size();
  const std::size_t last = std::min(text.find_first_of("\r\n", mark), text.size());
  while (begin < last && is_blank(text[begin])) ++begin;
  const std::size_t end = std::min(text.find_first_of(" \t\r\n", begin), last);
  Allowance one;
  one.source = source;
  one.code = text.substr(begin, end - begin);
  one.reason = trim(text.substr(end, last - end));
  one.span = places.span(mark, std::max(end, mark + kMark.size()));
  const std::uint32_t line = one.span.begin.line;
  one.last_line = above != nullptr && above->source == source && line <= above->last_line
                      ? above->last_line
                      : last_line_of(text, mark, line);
  one.hidden = std::any_of(source->hidden.begin(), source->hidden.end(), [&](ByteRange range) {
    return range.begin <= mark && mark < range.end;
  });
  return one;
}

void read_allowances(const SourcePtr& source, std::vector<Allowance>& allowances) {
  const std::string_view text = source->text;
  std::size_t at = text.find(kMark);
  if (at == text.npos) return;
  Places places(source);
  std::size_t count = 0;
  for (; at != text.npos && count < kMostAllowances; at = text.find(kMark, at + 1)) {
    const std::size_t end = at + kMark.size();
    const bool is_word =
        end >= text.size() || is_blank(text[end]) || text[end] == '\n' || text[end] == '\r';
    if (!is_word || !begins_comment(text, at)) continue;
    const Allowance* above = allowances.empty() ? nullptr : &allowances.back();
    allowances.push_back(read_allowance(source, places, at, above));
    ++count;
  }
}

// What a stack file refers to must be there; in an environment file it is just empty.
bool can_be_allowed(std::string_view code, const Source* source) {
  if (code == "ENV018" && source != nullptr && source->name.ends_with(".toml")) return false;
  return config::can_be_allowed(code);
}

// What is wrong with the allowance itself; nothing when it may be used.
std::optional<Diagnostic> fault_of(const Allowance& one) {
  const auto fault = [&](std::string message, std::string help) {
    Diagnostic found = problem("CFG026", one.span, std::move(message), std::move(help));
    if (!one.hidden) found.subject = one.code;
    return found;
  };
  const std::string code = one.hidden ? "this code" : printable(one.code);
  if (one.code.empty())
    return fault("this allows nothing: it names no rule", "write # exai:allow CODE reason");
  if (find_rule(one.code) == nullptr) {
    std::vector<std::string> known;
    for (const Rule& rule : rules()) known.emplace_back(rule.code);
    const auto meant = one.hidden ? std::nullopt : closest(one.code, known);
    return fault(one.hidden ? "no rule has this code" : fmt::format("no rule is called {}", code),
                 meant ? fmt::format("did you mean {}?", *meant)
                       : "exai validate --list-rules shows them all");
  }
  if (!can_be_allowed(one.code, one.source.get()))
    return fault(
        fmt::format("{} cannot be allowed: nothing could be started from such a file", code),
        "put right what it is about, then remove this comment");
  if (one.reason.empty())
    return fault(fmt::format("{} is allowed without a reason", code),
                 fmt::format("say why: # exai:allow {} reason", code));
  return std::nullopt;
}

// A file may be read more than once, for several uses.
bool same_file(const Source& a, const Source& b) {
  return a.path.empty() && b.path.empty() ? a.name == b.name : a.path == b.path;
}

bool is_about(const Allowance& one, const Diagnostic& diagnostic) {
  return diagnostic.code == one.code && diagnostic.span &&
         same_file(*diagnostic.span.source, *one.source) &&
         diagnostic.span.begin.line >= one.span.begin.line &&
         diagnostic.span.begin.line <= one.last_line;
}

}  // namespace

bool can_be_allowed(std::string_view code) {
  constexpr std::array<std::string_view, 18> kNever = {
      "CFG002", "CFG003", "CFG004", "CFG005", "CFG020", "CFG021", "CFG022", "CFG023", "CFG025",
      "CFG026", "CFG027", "CMP001", "CMP002", "DEP001", "ENV001", "ENV002", "ENV003", "ENV015"};
  return !contains(kNever, code);
}

bool can_be_allowed(const Diagnostic& finding) {
  return can_be_allowed(finding.code, finding.span.source.get());
}

std::size_t apply_allowances(const std::vector<SourcePtr>& sources, Scope scope,
                             Diagnostics& diagnostics) {
  std::vector<Allowance> usable;
  Diagnostics faults;
  std::vector<Allowance> all;
  for (const SourcePtr& source : sources)
    if (std::none_of(all.begin(), all.end(),
                     [&](const Allowance& one) { return same_file(*one.source, *source); }))
      read_allowances(source, all);
  if (all.empty()) return 0;
  for (Allowance& one : all) {
    if (auto fault = fault_of(one))
      faults.push_back(*std::move(fault));
    else
      usable.push_back(std::move(one));
  }
  const auto is_allowed = [&](const Diagnostic& diagnostic) {
    bool allowed = false;
    for (Allowance& one : usable)
      if (is_about(one, diagnostic)) allowed = one.used = true;
    return allowed;
  };
  const std::size_t before = diagnostics.size();
  diagnostics.erase(std::remove_if(diagnostics.begin(), diagnostics.end(), is_allowed),
                    diagnostics.end());
  const std::size_t allowed = before - diagnostics.size();
  for (const Allowance& one : usable)
    if (!one.used && scope == Scope::project) {
      Diagnostic unused =
          problem("CFG027", one.span, fmt::format("there is no {} here to allow", one.code),
                  "remove the comment, or move it to the line it is about");
      unused.subject = one.code;
      faults.push_back(std::move(unused));
    }
  std::move(faults.begin(), faults.end(), std::back_inserter(diagnostics));
  return allowed;
}

}  // namespace exai::config
