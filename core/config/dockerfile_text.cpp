#include "core/config/dockerfile_text.hpp"

#include <algorithm>
#include <optional>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"

namespace exai::config {

namespace {

bool is_word(char c) {
  return continues_identifier(c) || c == '-' || c == '.';
}

class Cutter {
 public:
  explicit Cutter(std::string_view text) : text_(text) {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  }

  DockerText run() && {
    read_directives();
    while (at_ < text_.size()) read_instruction();
    return std::move(result_);
  }

 private:
  struct Line {
    std::size_t begin = 0;  // of what is not blank
    std::size_t end = 0;    // without blanks at the end
    bool empty() const { return begin >= end; }
  };

  // The next line; `at_` goes behind it.
  Line next_line() {
    const std::size_t stop = std::min(text_.find('\n', at_), text_.size());
    Line line{at_, stop};
    while (line.begin < line.end && is_blank(text_[line.begin])) ++line.begin;
    while (line.end > line.begin && is_blank(text_[line.end - 1])) --line.end;
    at_ = std::min(stop + 1, text_.size());
    if (stop == text_.size()) at_ = stop;
    return line;
  }

  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  // "# escape=`" counts in front of everything else.
  void read_directives() {
    while (at_ < text_.size()) {
      const std::size_t begin = at_;
      const Line line = next_line();
      const std::string_view content = text_.substr(line.begin, line.end - line.begin);
      const std::size_t equals = content.find('=');
      if (!content.starts_with('#') || equals == content.npos) {
        at_ = begin;
        return;
      }
      const std::string name = to_lower(trim(content.substr(1, equals - 1)));
      const std::string_view value = trim(content.substr(equals + 1));
      if (name != "escape" && name != "syntax" && name != "check") {
        at_ = begin;
        return;
      }
      if (name == "escape" && value == "`") result_.escape = '`';
    }
  }

  void read_instruction() {
    DockerLine made;
    bool goes_on = true;
    while (goes_on && at_ < text_.size()) {
      const std::size_t begin = at_;
      Line line = next_line();
      if (line.empty() || text_[line.begin] == '#') {
        if (made.text.empty()) return;  // between instructions
        continue;                       // inside one: as if it were not there
      }
      goes_on = text_[line.end - 1] == result_.escape;
      if (goes_on) --line.end;
      // What continues a line keeps its blanks; they may stand in a quoted text.
      const std::size_t from = made.text.empty() ? line.begin : begin;
      for (std::size_t at = from; at < line.end; ++at) {
        made.text += text_[at];
        made.origins.push_back(at);
      }
      made.origins.push_back(line.end);
      if (goes_on) made.origins.pop_back();
      end_ = line.end;
    }
    if (made.text.empty()) return;
    if (made.origins.size() == made.text.size()) made.origins.push_back(end_);
    take_heredocs(made);
    result_.lines.push_back(std::move(made));
  }

  // RUN, COPY and ADD alone have here-documents.
  void take_heredocs(DockerLine& line) {
    const std::string name = to_lower(std::string_view(line.text).substr(0, line.text.find(' ')));
    if (name != "run" && name != "copy" && name != "add") return;
    for (std::size_t at = line.text.find("<<"); at != std::string::npos;
         at = line.text.find("<<", at + 2)) {
      if (at == 0 || !is_blank(line.text[at - 1])) continue;
      if (const auto end_word = heredoc_name(line.text, at + 2)) {
        line.heredocs.push_back(at);
        skip_heredoc(*end_word);
      }
    }
  }

  static std::optional<std::string> heredoc_name(std::string_view text, std::size_t at) {
    if (at < text.size() && text[at] == '-') ++at;
    const bool quoted = at < text.size() && (text[at] == '"' || text[at] == '\'');
    if (quoted) ++at;
    const std::size_t begin = at;
    while (at < text.size() && is_word(text[at])) ++at;
    if (at == begin) return std::nullopt;
    return std::string(text.substr(begin, at - begin));
  }

  void skip_heredoc(const std::string& end_word) {
    const std::size_t begin = at_;
    while (at_ < text_.size()) {
      const Line line = next_line();
      if (text_.substr(line.begin, line.end - line.begin) == end_word) return;
    }
    at_ = begin;  // never closed: it was none
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  DockerText result_;
};

}  // namespace

DockerText cut_dockerfile(std::string_view text) {
  return Cutter(text).run();
}

}  // namespace exai::config
