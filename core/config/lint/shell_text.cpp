// The few things that rules need to know about a shell text: which simple commands it is a list of.

#include <cctype>

#include "core/config/lint/compose_facts.hpp"

namespace exai::config {

namespace {

class ShellReader {
 public:
  explicit ShellReader(std::string_view text) : text_(text) {}

  std::optional<std::vector<ShellCommand>> read() && {
    while (at_ < text_.size() && !too_much_) step();
    end_command("");
    if (too_much_) return std::nullopt;
    for (const ShellCommand& command : commands_)
      if (is_keyword(command.words.front())) return std::nullopt;
    return std::move(commands_);
  }

 private:
  static bool is_keyword(std::string_view word) {
    return word == "if" || word == "while" || word == "until" || word == "for" || word == "case" ||
           word == "!" || word == "[[" || word == "then" || word == "do";
  }

  void step() {
    const char c = text_[at_];
    if (c == '\'' || c == '"')
      quoted(c);
    else if (c == '(' || c == ')' || c == '`' || (c == '{' && !in_word_))
      too_much_ = true;
    else if (c == '\n' || c == ';')
      end_command(";");
    else if (c == '|' || c == '&')
      operation(c);
    else if (c == '<' || c == '>')
      redirection();
    else if (c == ' ' || c == '\t' || c == '\r')
      end_word();
    else
      plain(c);
    ++at_;
  }

  void plain(char c) {
    if (c == '\\' && at_ + 1 < text_.size()) c = text_[++at_];
    if (c == '$' && at_ + 1 < text_.size() && text_[at_ + 1] == '(') too_much_ = true;
    word_ += c;
    in_word_ = true;
  }

  void quoted(char quote) {
    in_word_ = true;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      if (quote == '"' && (text_[at_] == '`' || text_.substr(at_, 2) == "$(")) too_much_ = true;
      word_ += text_[at_];
    }
  }

  void operation(char c) {
    const bool twice = at_ + 1 < text_.size() && text_[at_ + 1] == c;
    if (twice) ++at_;
    end_command(std::string(twice ? 2 : 1, c));
  }

  // ">/dev/null" and "2>&1" change nothing about the end of a command; others may fail.
  void redirection() {
    const bool is_descriptor = word_.find_first_not_of("0123456789") == std::string::npos;
    if (is_descriptor) in_word_ = false;
    end_word();
    while (at_ + 1 < text_.size() && (text_[at_ + 1] == '>' || text_[at_ + 1] == ' ')) ++at_;
    std::string target;
    while (at_ + 1 < text_.size() &&
           std::string_view(" \t\n;|").find(text_[at_ + 1]) == std::string_view::npos)
      target += text_[++at_];
    if (target != "/dev/null" && !target.starts_with('&')) command_.redirected = true;
  }

  void end_word() {
    if (in_word_ && !(word_.empty() && command_.words.empty()))
      command_.words.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }

  void end_command(std::string next) {
    end_word();
    const bool is_blank_line = command_.words.empty() && next == ";";
    if (is_blank_line) return;  // what stood before it still does
    if (!command_.words.empty()) commands_.push_back(std::move(command_));
    command_ = {};
    command_.before = std::move(next);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<ShellCommand> commands_;
  ShellCommand command_;
  std::string word_;
  bool in_word_ = false;
  bool too_much_ = false;
};

}  // namespace

std::optional<std::vector<ShellCommand>> shell_commands(std::string_view text) {
  return ShellReader(text).read();
}

}  // namespace exai::config
