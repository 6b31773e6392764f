// ENV rules about how an environment file is written.

#include <algorithm>
#include <map>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"
#include "core/config/env_layout.hpp"
#include "core/config/lint/entries.hpp"
#include "core/config/lint/env_rules.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

using Style = DotenvEntry::Style;

std::string_view raw(const EnvFile& file, const DotenvEntry& entry) {
  return std::string_view(file.source->text)
      .substr(entry.value_begin, entry.value_end - entry.value_begin);
}

// What stands between the quotes.
std::string_view inner(const EnvFile& file, const DotenvEntry& entry) {
  const std::string_view text = raw(file, entry);
  return text.size() < 2 ? std::string_view() : text.substr(1, text.size() - 2);
}

Edit edit(const EnvFile& file, std::size_t begin, std::size_t end, std::string text) {
  return {file.source, begin, end, std::move(text)};
}

Fix in_single_quotes(const EnvFile& file, const DotenvEntry& entry, std::string_view value) {
  Fix fix;
  fix.title = "put the value in single quotes";
  fix.edits = {edit(file, entry.value_begin, entry.value_end, "'" + std::string(value) + "'")};
  if (entry.value && *entry.value != value)
    fix.changes = {{entry.key, *entry.value, std::string(value)}};
  return fix;
}

// Single quotes hold everything but themselves, and a backslash at their end.
bool fits_single_quotes(std::string_view value) {
  return value.find('\'') == std::string_view::npos && !value.ends_with('\\');
}

// Entries stand in the order of the file.
bool is_inside_quotes(const EnvFile& file, std::size_t offset) {
  const auto after = std::lower_bound(
      file.entries.begin(), file.entries.end(), offset,
      [](const DotenvEntry& entry, std::size_t place) { return entry.value_begin < place; });
  if (after == file.entries.begin()) return false;
  const DotenvEntry& entry = *(after - 1);
  return entry.style != Style::unquoted && entry.style != Style::inherited &&
         offset < entry.value_end;
}

}  // namespace

void comments_as_values(const LintSubject& subject, Findings& findings) {
  each_entry(subject, [&](const EnvFile& file, const DotenvEntry& entry) {
    if (!entry.is_comment_as_value()) return;
    Diagnostic& found =
        findings.add("ENV004", entry.value_span,
                     fmt::format("this comment becomes the value of {}", printable(entry.key)),
                     fmt::format("put the comment on a line of its own and write {}=", entry.key));
    const std::string_view text = file.source->text;
    const std::size_t begin = line_begin(text, entry.value_begin);
    const std::size_t equals = text.find_last_of("=:", entry.value_begin - 1);
    Fix fix;
    fix.title = "put the comment on a line of its own";
    fix.edits = {
        edit(file, begin, begin, std::string(raw(file, entry)) + std::string(newline_of(text))),
        edit(file, equals + 1, entry.value_end, "")};
    fix.changes = {{entry.key, *entry.value, ""}};
    if (begin <= equals) found.fix = std::move(fix);
    found.subject = entry.key;
  });
}

namespace {

// What stands in front of the # is the value, where no reference is in it.
std::optional<Fix> comment_above(const EnvFile& file, const DotenvEntry& entry, std::size_t hash) {
  const std::string_view text = file.source->text;
  const std::string_view value = trim(raw(file, entry).substr(0, hash));
  const std::string_view comment = raw(file, entry).substr(hash);
  if (!entry.value || value.find('$') != value.npos || comment.find('\n') != comment.npos)
    return std::nullopt;
  const std::size_t begin = line_begin(text, entry.value_begin);
  Fix fix;
  fix.title = "put the comment on a line of its own";
  fix.edits = {edit(file, begin, begin, std::string(comment) + std::string(newline_of(text))),
               edit(file, entry.value_begin + value.size(), entry.value_end, "")};
  fix.changes = {{entry.key, *entry.value, std::string(value)}};
  return fix;
}

void unclear_hash(const EnvFile& file, const DotenvEntry& entry, Places& places,
                  Findings& findings) {
  if (entry.style != Style::unquoted || entry.is_comment_as_value()) return;
  const std::string_view text = raw(file, entry);
  const std::size_t hash = text.find('#', 1);
  if (text.empty() || hash == std::string_view::npos) return;
  const bool tab = text[hash - 1] == '\t';
  const bool glued = !tab && hash + 1 < text.size() && text[hash + 1] == ' ';
  if (!tab && !glued) return;
  Diagnostic& found = findings.add(
      "ENV005", places.span(entry.value_begin + hash, entry.value_end),
      tab ? "to Compose this is part of the value: only a blank before \"#\" begins a comment"
          : "to Compose this is part of the value: there is no blank before the \"#\"",
      "put the comment on a line of its own, or the value in quotes");
  found.subject = entry.key;
  found.fix = comment_above(file, entry, hash);
}

}  // namespace

void unclear_hashes(const LintSubject& subject, Findings& findings) {
  for (const EnvFile& file : subject.project.env_files) {
    Places places(file.source);
    for (const DotenvEntry& entry : file.entries) unclear_hash(file, entry, places, findings);
  }
}

namespace {

// Takes away the lines of an entry that counts for nothing. None: something else stands on them.
// What lines in between make of its value is none of ours to know: the fix is held to its word.
std::optional<Fix> without_entry(const EnvFile& file, std::size_t index) {
  const DotenvEntry& entry = file.entries[index];
  const std::string_view text = file.source->text;
  const auto key = offset_of(*file.source, entry.key_span.begin);
  if (!key) return std::nullopt;
  const std::size_t begin = line_begin(text, *key);
  const std::size_t end =
      std::min(line_end(text, std::max(entry.value_end, *key)) + 1, text.size());
  const auto stands_there = [&](const DotenvEntry& other) {
    const auto at = offset_of(*file.source, other.key_span.begin);
    return at && *at >= begin && *at < end;
  };
  if (index > 0 && stands_there(file.entries[index - 1])) return std::nullopt;
  if (index + 1 < file.entries.size() && stands_there(file.entries[index + 1])) return std::nullopt;
  return Fix{fmt::format("remove the {} that does not count", printable(entry.key)),
             {edit(file, begin, end, "")},
             {}};
}

}  // namespace

void names_set_twice(const LintSubject& subject, Findings& findings) {
  for (const EnvFile& file : subject.project.env_files) {
    std::map<std::string_view, const DotenvEntry*> seen;
    for (const DotenvEntry& entry : file.entries) {
      const bool faulty = entry.style == Style::faulty;
      if (entry.key.empty() || faulty || entry.after_quote) continue;
      const auto [first, is_new] = seen.emplace(entry.key, &entry);
      if (is_new) continue;
      Diagnostic& found =
          findings.add("ENV006", entry.key_span,
                       fmt::format("{} is set twice in this file", printable(entry.key)),
                       "keep one of them; the last one counts");
      found.related.push_back({first->second->key_span, "first set here"});
      found.subject = entry.key;
      const auto index = static_cast<std::size_t>(first->second - file.entries.data());
      if (!first->second->after_quote) found.fix = without_entry(file, index);
    }
  }
}

void bare_names(const LintSubject& subject, Findings& findings) {
  each_entry(subject, [&](const EnvFile&, const DotenvEntry& entry) {
    if (entry.after_quote) return;
    if (entry.at_end_of_file) {
      findings.add("ENV007", entry.value_span, "this line is neither a name nor a value",
                   "write NAME=value, and end the file with a newline");
    } else if (entry.style == Style::inherited) {
      Diagnostic& found = findings.add(
          "ENV007", entry.key_span,
          fmt::format("{} has no \"=\": its value comes from the environment of whoever runs exai",
                      printable(entry.key)),
          fmt::format("write {}=value", printable(entry.key)));
      found.subject = entry.key;
    }
  });
}

void text_after_quotes(const LintSubject& subject, Findings& findings) {
  each_entry(subject, [&](const EnvFile&, const DotenvEntry& entry) {
    if (!entry.after_quote || entry.style == Style::faulty) return;
    const bool lost = entry.style == Style::inherited || entry.at_end_of_file;
    findings.add("ENV008", entry.at_end_of_file ? entry.value_span : entry.key_span,
                 lost ? "text behind a closing quote is lost"
                      : "this is a statement of its own, behind a closing quote",
                 lost ? "put it inside the quotes, or a \"#\" in front of a comment"
                      : "put it on a line of its own");
  });
}

// A path of Windows in which a backslash and a letter become something else; or a bell, backspace,
// form feed or vertical tab, which nobody writes into a setting.
bool changes_backslashes(const EnvFile& file, const DotenvEntry& entry) {
  if (entry.style != Style::double_quoted || !entry.value) return false;
  const std::string_view text = inner(file, entry);
  const bool drive =
      text.size() > 4 && is_letter(text[0]) && text[1] == ':' && text[2] == '\\' && text[3] != '\\';
  const auto is_odd = [drive](char c) {
    return c == '\a' || c == '\b' || c == '\f' || c == '\v' ||
           (drive && (c == '\n' || c == '\r' || c == '\t'));
  };
  return text.find('\\') != std::string_view::npos &&
         std::any_of(entry.value->begin(), entry.value->end(), is_odd);
}

void changed_backslashes(const LintSubject& subject, Findings& findings) {
  each_entry(subject, [&](const EnvFile& file, const DotenvEntry& entry) {
    if (!changes_backslashes(file, entry)) return;
    Diagnostic& found = findings.add(
        "ENV010", entry.value_span,
        fmt::format("a backslash and the letter behind it become one character: {}",
                    subject.resolved.names.is_confidential(entry.key) ? entry.key
                                                                      : printable(*entry.value)),
        "in single quotes backslashes are themselves");
    const std::string_view text = inner(file, entry);
    if (fits_single_quotes(text)) found.fix = in_single_quotes(file, entry, text);
    found.subject = entry.key;
  });
}

void trailing_blanks(const LintSubject& subject, Findings& findings) {
  for (const EnvFile& file : subject.project.env_files) {
    const std::string& text = file.source->text;
    Places places(file.source);
    for (const EnvLine& line : env_lines(text, file.entries)) {
      std::size_t end = line.end;
      while (end > line.begin && (text[end - 1] == ' ' || text[end - 1] == '\t')) --end;
      if (end == line.end || is_inside_quotes(file, line.end)) continue;
      Diagnostic& found =
          findings.add("ENV011", places.span(end, line.end), "blanks at the end of the line",
                       "remove them; docker and systemd take them for part of the value");
      found.fix = Fix{"remove the blanks", {edit(file, end, line.end, "")}, {}};
    }
  }
}

void ends_of_files(const LintSubject& subject, Findings& findings) {
  for (const EnvFile& file : subject.project.env_files) {
    const std::string& text = file.source->text;
    const bool open = !file.entries.empty() && (file.entries.back().at_end_of_file ||
                                                file.entries.back().style == Style::faulty);
    if (text.empty() || open) continue;
    Places places(file.source);
    if (text.back() != '\n') {
      Diagnostic& found = findings.add("ENV012", places.span(text.size(), text.size()),
                                       "the last line has no newline",
                                       "end it; what is appended later would stick to it");
      found.fix = Fix{"end the last line",
                      {edit(file, text.size(), text.size(), std::string(newline_of(text)))},
                      {}};
      continue;
    }
    const std::size_t last = text.find_last_not_of(" \t\r\n");
    if (last == std::string::npos) continue;
    const std::size_t keep = text.find('\n', last) + 1;
    if (keep == text.size()) continue;
    Diagnostic& found = findings.add("ENV012", places.span(keep, keep),
                                     "empty lines at the end of the file", "remove them");
    found.fix = Fix{"remove the empty lines", {edit(file, keep, text.size(), "")}, {}};
  }
}

void line_ends(const LintSubject& subject, Findings& findings) {
  for (const EnvFile& file : subject.project.env_files) {
    const std::string& text = file.source->text;
    Fix fix{"end every line with a newline alone", {}, {}};
    std::optional<std::size_t> first;
    bool lone = false;
    std::size_t newlines = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\n') ++newlines;
      if (text[at] != '\r' || (lone && first)) continue;
      const bool pair = at + 1 < text.size() && text[at + 1] == '\n';
      if (!first || (!pair && !lone)) first = at;
      lone = lone || !pair;
      if (pair) fix.edits.push_back(edit(file, at, at + 1, ""));
    }
    if (!first) continue;
    const bool all = fix.edits.size() == newlines;
    Diagnostic& found = findings.add(
        "ENV013", Places(file.source).span(*first, *first),
        lone  ? "a carriage return inside the line is part of what stands there"
        : all ? "the lines of this file end with carriage return and newline"
              : fmt::format("{} of {} lines end with carriage return and newline", fix.edits.size(),
                            newlines),
        "end every line with a newline alone: bash and others keep the carriage return");
    const bool quoted = std::any_of(fix.edits.begin(), fix.edits.end(), [&](const Edit& one) {
      return is_inside_quotes(file, one.begin);
    });
    if (!lone && !quoted) found.fix = std::move(fix);
  }
}

void byte_order_marks(const LintSubject& subject, Findings& findings) {
  for (const EnvFile& file : subject.project.env_files) {
    if (!file.source->text.starts_with(kByteOrderMark)) continue;
    Diagnostic& found =
        findings.add("ENV014", Places(file.source).span(0, kByteOrderMark.size()),
                     "the file begins with a byte order mark",
                     "save it as UTF-8 without one: others take it for part of the first name");
    found.fix = Fix{"remove the mark", {edit(file, 0, kByteOrderMark.size(), "")}, {}};
  }
}

void unreadable_bytes(const LintSubject& subject, Findings& findings) {
  for (const EnvFile& file : subject.project.env_files) {
    const auto bad = first_bad_byte(file.source->text);
    if (!bad) continue;
    findings.add("ENV015", Places(file.source).span(*bad, *bad + 1),
                 file.source->text[*bad] == '\0' ? "a NUL byte" : "this byte is not UTF-8 text",
                 "save the file as UTF-8");
  }
}

namespace {

struct InlineComment {
  const DotenvEntry* entry = nullptr;
  ByteRange place;
};

std::vector<InlineComment> comments_behind_values(const EnvFile& file) {
  const std::string_view text = file.source->text;
  std::vector<InlineComment> found;
  for (const DotenvEntry& entry : file.entries) {
    if (entry.style == Style::faulty || entry.style == Style::inherited) continue;
    std::size_t end = line_end(text, entry.value_end);
    if (end > entry.value_end && text[end - 1] == '\r') --end;
    const std::size_t hash = text.find_first_not_of(" \t", entry.value_end);
    const bool comment = hash < end && text[hash] == '#';
    if (comment && text.substr(hash, end - hash).find("exai:allow") == std::string_view::npos)
      found.push_back({&entry, {hash, end}});
  }
  return found;
}

}  // namespace

// One finding a file: Compose knows comments behind values, the others that may read it do not all.
void inline_comments(const LintSubject& subject, Findings& findings) {
  for (const EnvFile& file : subject.project.env_files) {
    if (!file.is(EnvFileRole::unnamed)) continue;
    const std::string_view text = file.source->text;
    const auto comments = comments_behind_values(file);
    if (comments.empty()) continue;
    const ByteRange first = comments.front().place;
    Diagnostic& found = findings.add(
        "ENV017", Places(file.source).span(first.begin, first.end),
        fmt::format("docker run --env-file and systemd take {} for part of the value",
                    comments.size() == 1
                        ? "a comment behind it"
                        : fmt::format("comments behind values (there are {})", comments.size())),
        "put comments on lines of their own");
    Fix fix{"put comments on lines of their own", {}, {}};
    for (const InlineComment& one : comments) {
      const std::size_t begin = line_begin(text, one.entry->value_begin);
      const std::string_view words = text.substr(one.place.begin, one.place.end - one.place.begin);
      fix.edits.push_back(
          edit(file, begin, begin, std::string(words) + std::string(newline_of(text))));
      fix.edits.push_back(edit(file, one.entry->value_end, one.place.end, ""));
    }
    found.fix = std::move(fix);
  }
}

// Literally so for Compose; executed where a shell or dotenvx reads the file.
void commands_in_values(const LintSubject& subject, Findings& findings) {
  each_entry(subject, [&](const EnvFile& file, const DotenvEntry& entry) {
    if (entry.style != Style::unquoted && entry.style != Style::double_quoted) return;
    const std::string_view text =
        entry.style == Style::unquoted ? raw(file, entry) : inner(file, entry);
    const bool substitution = text.size() > 3 && text.starts_with("$(") && text.ends_with(')');
    const bool backticks = text.size() > 2 && text.front() == '`' && text.back() == '`';
    if (!substitution && !backticks) return;
    Diagnostic& found =
        findings.add("ENV019", entry.value_span,
                     "Compose does not run this: it is the value as it stands; bash runs it",
                     "write what it would print, or single quotes if the text itself is meant");
    if (fits_single_quotes(text)) found.fix = in_single_quotes(file, entry, text);
    found.subject = entry.key;
  });
}

// A leftover: the same name is set in this file, too.
void leftovers(const LintSubject& subject, Findings& findings) {
  for (const EnvFile& file : subject.project.env_files) {
    if (file.is(EnvFileRole::example)) continue;
    std::map<std::string_view, const DotenvEntry*> set;
    for (const DotenvEntry& entry : file.entries) set.emplace(entry.key, &entry);
    Places places(file.source);
    for (const EnvLine& line : env_lines(file.source->text, file.entries)) {
      if (line.kind != EnvLine::Kind::commented_out) continue;
      const auto found = set.find(line.word);
      if (found == set.end()) continue;
      Diagnostic& one = findings.add(
          "ENV023", places.span(line.begin, file.source->text.find('=', line.begin) + 1),
          fmt::format("{} stands here commented out, and is set elsewhere in this file", line.word),
          "remove what is not used");
      one.related.push_back({found->second->key_span, "set here"});
      one.subject = line.word;
    }
  }
}

void unusual_names(const LintSubject& subject, Findings& findings) {
  each_entry(subject, [&](const EnvFile&, const DotenvEntry& entry) {
    if (entry.key.empty() || entry.after_quote || entry.style == Style::faulty ||
        subject.resolved.names.is_known(entry.key))
      return;
    // Images of databases and search engines take "discovery.type" and the like.
    const std::string& key = entry.key;
    const bool usual = !is_digit(key.front()) && std::all_of(key.begin(), key.end(), [](char c) {
      return continues_identifier(c) || c == '.';
    });
    if (usual) return;
    const bool tab = key.find('\t') != std::string::npos;
    findings
        .add("ENV024", entry.key_span,
             fmt::format("\"{}\" is no name that shells know{}", printable(key),
                         tab ? ": a tab is part of it" : ""),
             "names of letters, digits and \"_\" that begin with no digit work everywhere")
        .subject = key;
  });
}

}  // namespace exai::config
