#include "core/config/env_layout.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

using Kind = EnvLine::Kind;

bool is_drawing(char c) {
  return c == '-' || c == '=' || c == '#' || c == '*' || c == '~' || c == '_';
}

// The title between two runs of drawing characters, or behind one of at least three.
std::string heading_title(std::string_view comment) {
  std::size_t begin = 0;
  std::size_t drawn = 0;
  while (begin < comment.size() && (is_drawing(comment[begin]) || comment[begin] == ' '))
    if (is_drawing(comment[begin++])) ++drawn;
  std::size_t end = comment.size();
  while (end > begin && (is_drawing(comment[end - 1]) || comment[end - 1] == ' ')) --end;
  if (drawn < 3 || begin == 0 || begin >= end || comment[begin - 1] != ' ') return "";
  return std::string(comment.substr(begin, end - begin));
}

// NAME of "#NAME=value" or "# NAME=value".
std::string commented_name(std::string_view comment) {
  comment.remove_prefix(1);
  if (comment.starts_with(' ')) comment.remove_prefix(1);
  std::size_t end = 0;
  const auto belongs = [&](char c) { return is_upper(c) || c == '_' || (end > 0 && is_digit(c)); };
  while (end < comment.size() && belongs(comment[end])) ++end;
  if (end == 0 || end >= comment.size() || comment[end] != '=') return "";
  const std::string_view value = trim(comment.substr(end + 1));
  const bool quoted = value.starts_with('"') || value.starts_with('\'');
  const std::size_t blank = value.find(' ');  // prose: "A=1 means that …"
  if (!quoted && blank != std::string_view::npos && value.substr(blank + 1, 1) != "#") return "";
  return std::string(comment.substr(0, end));
}

void classify(EnvLine& line, std::string_view text) {
  const std::string_view words = trim(text.substr(line.begin, line.end - line.begin));
  if (words.empty() || words == kByteOrderMark) return;
  if (!words.starts_with('#')) {
    line.kind = Kind::inside;
    return;
  }
  line.kind = Kind::comment;
  line.word = heading_title(words);
  if (!line.word.empty()) {
    line.kind = Kind::heading;
  } else if (line.word = commented_name(words); !line.word.empty()) {
    line.kind = Kind::commented_out;
  }
}

std::vector<EnvLine> split_lines(std::string_view text) {
  std::vector<EnvLine> lines;
  for (std::size_t begin = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
       begin < text.size();) {
    const std::size_t newline = text.find('\n', begin);
    EnvLine line;
    line.begin = begin;
    line.end = std::min(newline, text.size());
    line.next = newline == std::string_view::npos ? text.size() : newline + 1;
    if (line.end > begin && text[line.end - 1] == '\r') --line.end;
    begin = line.next;
    lines.push_back(line);
  }
  return lines;
}

std::size_t line_at(const std::vector<EnvLine>& lines, std::size_t offset) {
  const auto after =
      std::upper_bound(lines.begin(), lines.end(), offset,
                       [](std::size_t wanted, const EnvLine& line) { return wanted < line.begin; });
  return after == lines.begin() ? 0 : static_cast<std::size_t>(after - lines.begin()) - 1;
}

}  // namespace

std::vector<EnvLine> env_lines(std::string_view text, const std::vector<DotenvEntry>& entries) {
  std::vector<EnvLine> lines = split_lines(text);
  std::vector<bool> taken(lines.size(), false);
  for (const DotenvEntry& entry : entries) {
    const std::size_t first = entry.key_span.begin.line - 1;
    if (first >= lines.size()) continue;
    if (!taken[first]) {
      lines[first].kind = Kind::statement;
      lines[first].entry = &entry;
    }
    const std::size_t last = std::max(first, line_at(lines, entry.value_end));
    for (std::size_t i = first; i <= last; ++i) {
      if (i > first) lines[i].kind = Kind::inside;
      taken[i] = true;
    }
  }
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (!taken[i]) classify(lines[i], text);
  return lines;
}

std::vector<EnvPlace> env_places(const std::vector<EnvLine>& lines) {
  std::vector<EnvPlace> places;
  std::map<std::string, std::size_t> known;
  std::string section;
  std::size_t block = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const EnvLine& line = lines[i];
    if (line.kind == Kind::heading) section = line.word;
    const bool out = line.kind == Kind::commented_out;
    if (line.kind == Kind::statement || out) {
      EnvPlace place{out ? line.word : line.entry->key, section, block, i, i + 1, out, line.entry};
      while (place.behind < lines.size() && lines[place.behind].kind == Kind::inside)
        ++place.behind;
      const auto [found, is_new] = known.emplace(place.key, places.size());
      if (is_new)
        places.push_back(std::move(place));
      else if (places[found->second].commented_out && !out)  // set further down
        places[found->second] = std::move(place);
    }
    if (line.kind != Kind::comment) block = i + 1;
  }
  return places;
}

namespace {

class Inserter {
 public:
  Inserter(const EnvText& reference, const EnvText& file,
           const std::function<bool(std::string_view)>& is_secret)
      : reference_(reference),
        file_(file),
        is_secret_(is_secret),
        from_(env_lines(reference.text, reference.entries)),
        lines_(env_lines(file.text, file.entries)),
        wanted_(env_places(from_)),
        has_(env_places(lines_)) {
    for (std::size_t i = 0; i < has_.size(); ++i) index_.emplace(has_[i].key, i);
    for (const DotenvEntry& entry : file.entries) names_.insert(entry.key);
  }

  std::vector<EnvInsertion> run() {
    std::vector<EnvInsertion> result;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const EnvPlace& place = wanted_[i];
      const bool is_set = !place.commented_out && place.entry != nullptr && place.entry->value;
      if (!is_set || place.key.empty() || index_.contains(place.key) || names_.contains(place.key))
        continue;
      EnvInsertion one;
      one.key = place.key;
      one.reference = place.entry;
      one.value = is_secret_(place.key) ? "" : *place.entry->value;
      one.offset = offset_for(i);
      one.text = text_of(place, one.offset);
      result.push_back(std::move(one));
    }
    return result;
  }

 private:
  // Behind the nearest name before it that the file has, in the same section; else before the
  // nearest one after it; else behind the section's heading, or at the end of the file.
  std::size_t offset_for(std::size_t at) const {
    const std::string& section = wanted_[at].section;
    for (std::size_t i = at; i-- > 0 && wanted_[i].section == section;)
      if (const auto found = index_.find(wanted_[i].key); found != index_.end())
        return offset_of_line(has_[found->second].behind);
    for (std::size_t i = at + 1; i < wanted_.size() && wanted_[i].section == section; ++i)
      if (const auto found = index_.find(wanted_[i].key); found != index_.end())
        return offset_of_line(has_[found->second].block);
    for (const EnvLine& line : lines_)
      if (line.kind == Kind::heading && line.word == section) return line.next;
    return file_.text.size();
  }

  std::size_t offset_of_line(std::size_t line) const {
    return line < lines_.size() ? lines_[line].begin : file_.text.size();
  }

  // With the line ends of the file, and a newline first where its last line has none.
  std::string text_of(const EnvPlace& place, std::size_t offset) const {
    const std::string_view newline = newline_of(file_.text);
    std::string text;
    const auto add_line = [&](std::string_view line) { text.append(line).append(newline); };
    const auto text_of_line = [&](std::size_t i) {
      return reference_.text.substr(from_[i].begin, from_[i].end - from_[i].begin);
    };
    for (std::size_t i = place.block; i < place.line; ++i) add_line(text_of_line(i));
    if (is_secret_(place.key))
      add_line(place.key + "=");
    else
      for (std::size_t i = place.line; i < place.behind; ++i) add_line(text_of_line(i));
    const bool open = offset == file_.text.size() && offset > 0 && file_.text[offset - 1] != '\n';
    return open ? std::string(newline) + text : text;
  }

  const EnvText& reference_;
  const EnvText& file_;
  const std::function<bool(std::string_view)>& is_secret_;
  std::vector<EnvLine> from_;
  std::vector<EnvLine> lines_;
  std::vector<EnvPlace> wanted_;
  std::vector<EnvPlace> has_;
  std::map<std::string, std::size_t> index_;
  std::set<std::string_view> names_;  // also those behind a closing quote
};

}  // namespace

std::vector<EnvInsertion> missing_names(const EnvText& reference, const EnvText& file,
                                        const std::function<bool(std::string_view)>& is_secret) {
  return Inserter(reference, file, is_secret).run();
}

std::string with_insertions(std::string_view text, const std::vector<EnvInsertion>& insertions) {
  std::vector<const EnvInsertion*> ordered;
  for (const EnvInsertion& one : insertions) ordered.push_back(&one);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto* a, const auto* b) { return a->offset < b->offset; });
  std::string result;
  std::size_t done = 0;
  bool opened = false;  // the last line got its newline from the first insertion there
  for (const EnvInsertion* one : ordered) {
    result += text.substr(done, one->offset - done);
    done = one->offset;
    const bool repeated = opened && one->offset == text.size();
    const std::size_t line_end = one->text.starts_with("\r\n") ? 2 : one->text.starts_with('\n');
    result += repeated ? one->text.substr(line_end) : one->text;
    opened = line_end > 0;
  }
  return result += text.substr(done);
}

std::optional<std::string> live_name(std::string_view example) {
  constexpr std::array<std::string_view, 4> kWords = {"example", "sample", "template", "dist"};
  for (const std::string_view word : kWords) {
    const std::string ending = "." + std::string(word);
    if (example.size() > ending.size() && example.ends_with(ending))
      return std::string(example.substr(0, example.size() - ending.size()));
    if (example == std::string(word) + ".env" ||
        example.ends_with("/" + std::string(word) + ".env"))
      return std::string(example.substr(0, example.size() - word.size() - 4)) + ".env";
  }
  return std::nullopt;
}

}  // namespace exai::config
