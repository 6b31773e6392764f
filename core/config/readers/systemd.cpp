// EnvironmentFile= of systemd, as version 252 has it: quotes and backslashes of a shell, nothing is
// replaced, comments only at the beginning of a line (and a backslash at its end goes on with it).
#include "core/base/ascii.hpp"
#include "core/base/text.hpp"
#include "core/config/readers/readers.hpp"

namespace exai::config {

namespace {

bool is_newline(char c) {
  return c == '\n' || c == '\r';
}
bool is_white(char c) {
  return is_newline(c) || c == ' ' || c == '\t';
}

class Machine {
 public:
  ReaderView run(std::string_view text) && {
    if (text.find('\0') != std::string_view::npos) return {{}, {}, "it contains a NUL byte"};
    for (const char c : text) {
      if (!view_.refusal.empty()) break;
      step(c);
    }
    const bool open = state_ != State::before_name && state_ != State::name &&
                      state_ != State::comment && state_ != State::comment_escape;
    if (open && view_.refusal.empty()) push();
    return std::move(view_);
  }

 private:
  enum class State {
    before_name,
    name,
    before_value,
    value,
    value_escape,
    single_quoted,
    double_quoted,
    double_quoted_escape,
    comment,
    comment_escape,
  };

  void step(char c) {
    switch (state_) {
      case State::before_name:
        return before_name(c);
      case State::name:
        return in_name(c);
      case State::before_value:
        return before_value(c);
      case State::value:
        return in_value(c);
      case State::value_escape:
        state_ = State::value;
        if (!is_newline(c)) add(c);
        return;
      case State::single_quoted:
        if (c == '\'')
          state_ = State::before_value;
        else
          add(c);
        return;
      case State::double_quoted:
        if (c == '"')
          state_ = State::before_value;
        else if (c == '\\')
          state_ = State::double_quoted_escape;
        else
          add(c);
        return;
      case State::double_quoted_escape:
        state_ = State::double_quoted;
        if (c != '"' && c != '\\' && c != '`' && c != '$' && c != '\n') add('\\');
        if (c != '\n') add(c);
        return;
      case State::comment:
        if (c == '\\')
          state_ = State::comment_escape;
        else if (is_newline(c))
          state_ = State::before_name;
        return;
      case State::comment_escape:
        state_ = State::comment;
        return;
    }
  }

  void before_name(char c) {
    if (c == '#' || c == ';') {
      state_ = State::comment;
    } else if (!is_white(c)) {
      state_ = State::name;
      name_ = c;
    }
  }

  void in_name(char c) {
    if (is_newline(c)) {
      view_.remarks.insert_or_assign(std::string(trim(name_)), "a line without \"=\"");
      state_ = State::before_name;
    } else if (c == '=') {
      state_ = State::before_value;
      value_.clear();
      kept_ = 0;
    } else {
      name_ += c;
    }
  }

  void before_value(char c) {
    if (is_newline(c)) {
      kept_ = value_.size();
      push();
    } else if (c == '\'') {
      state_ = State::single_quoted;
    } else if (c == '"') {
      state_ = State::double_quoted;
    } else if (c == '\\') {
      state_ = State::value_escape;
    } else if (!is_white(c)) {
      state_ = State::value;
      add(c);
    }
  }

  void in_value(char c) {
    if (is_newline(c)) return push();
    if (c == '\\') {
      kept_ = value_.size();
      state_ = State::value_escape;
      return;
    }
    value_ += c;
    if (!is_white(c)) kept_ = value_.size();
  }

  void add(char c) {
    value_ += c;
    kept_ = value_.size();
  }

  void push() {
    state_ = State::before_name;
    value_.resize(kept_);
    while (!name_.empty() && is_white(name_.back())) name_.pop_back();
    if (!is_utf8(name_) || !is_utf8(value_))
      view_.refusal = "it is not UTF-8";
    else if (!is_identifier(name_))
      view_.remarks.insert_or_assign(name_, "no name of a variable, and ignored");
    else
      view_.values.insert_or_assign(name_, value_);
  }

  State state_ = State::before_name;
  std::string name_;
  std::string value_;
  std::size_t kept_ = 0;  // how much of the value is more than blanks at its end
  ReaderView view_;
};

}  // namespace

ReaderView read_as_systemd(std::string_view text) {
  return Machine().run(text);
}

}  // namespace exai::config
