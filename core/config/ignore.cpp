#include "core/config/ignore.hpp"

#include "core/base/text.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

// A pattern cut into steps of a small machine; it is in several states at once.
struct Step {
  enum class Kind {
    one,      // a character of `text`
    any,      // one that is no slash
    among,    // one that `text` has, with ranges; `negated`
    star,     // any number that are no slash
    folders,  // nothing, or names that end with a slash
    rest,     // anything
  } kind = Kind::one;
  std::string text;
  bool negated = false;
};

// [a-z], [!a-z]. Returns: where it ends; the same place when it is a bracket without an end.
std::size_t read_bracket(std::string_view pattern, std::size_t begin, Step& step) {
  std::size_t i = begin + 1;
  step = {Step::Kind::among, "", false};
  if (i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^')) {
    step.negated = true;
    ++i;
  }
  const std::size_t first = i;
  while (i < pattern.size() && (pattern[i] != ']' || i == first)) ++i;
  if (i >= pattern.size()) return begin;
  step.text = pattern.substr(first, i - first);
  return i + 1;
}

std::vector<Step> steps_of(std::string_view pattern) {
  std::vector<Step> steps;
  for (std::size_t i = 0; i < pattern.size();) {
    const bool at_start = i == 0 || pattern[i - 1] == '/';
    Step step;
    if (at_start && pattern.substr(i, 3) == "**/") {
      steps.push_back({Step::Kind::folders, ""});
      i += 3;
    } else if (at_start && pattern.substr(i) == "**") {
      steps.push_back({Step::Kind::rest, ""});
      i += 2;
    } else if (pattern[i] == '*') {
      if (steps.empty() || steps.back().kind != Step::Kind::star)
        steps.push_back({Step::Kind::star, ""});
      ++i;
    } else if (const std::size_t end = pattern[i] == '[' ? read_bracket(pattern, i, step) : i;
               end != i) {
      steps.push_back(std::move(step));
      i = end;
    } else if (pattern[i] == '?') {
      steps.push_back({Step::Kind::any, ""});
      ++i;
    } else {
      if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
      steps.push_back({Step::Kind::one, std::string(1, pattern[i])});
      ++i;
    }
  }
  return steps;
}

bool is_among(const Step& step, char c) {
  bool found = false;
  const std::string& text = step.text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i + 2 < text.size() && text[i + 1] == '-') {
      found = found || (c >= text[i] && c <= text[i + 2]);
      i += 2;
    } else {
      found = found || c == text[i];
    }
  }
  return c != '/' && found != step.negated;
}

class Machine {
 public:
  explicit Machine(std::string_view pattern)
      : steps_(steps_of(pattern)), now_(steps_.size() + 1), inside_(steps_.size() + 1) {}

  bool accepts(std::string_view text) {
    enter(now_, 0);
    for (const char c : text) advance(c);
    return now_.back();
  }

 private:
  // A state and those that are reached from it without a character.
  void enter(std::vector<bool>& states, std::size_t i) const {
    states[i] = true;
    while (i < steps_.size() && may_be_empty(steps_[i])) states[++i] = true;
  }
  static bool may_be_empty(const Step& step) {
    return step.kind == Step::Kind::star || step.kind == Step::Kind::folders ||
           step.kind == Step::Kind::rest;
  }

  void advance(char c) {
    std::vector<bool> next(now_.size());
    std::vector<bool> inside(now_.size());
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].kind == Step::Kind::folders && (now_[i] || inside_[i])) {
        inside[i] = true;
        if (c == '/') enter(next, i + 1);
      } else if (now_[i]) {
        go(next, i, c);
      }
    }
    now_ = std::move(next);
    inside_ = std::move(inside);
  }

  void go(std::vector<bool>& next, std::size_t i, char c) const {
    using enum Step::Kind;
    const Step& step = steps_[i];
    switch (step.kind) {
      case one:
        if (c == step.text[0]) enter(next, i + 1);
        break;
      case any:
        if (c != '/') enter(next, i + 1);
        break;
      case among:
        if (is_among(step, c)) enter(next, i + 1);
        break;
      case star:
        if (c != '/') enter(next, i);
        break;
      case rest:
        enter(next, i);
        break;
      case folders:
        break;
    }
  }

  std::vector<Step> steps_;
  std::vector<bool> now_;
  std::vector<bool> inside_;  // the names of a `folders` step
};

bool applies(const IgnorePattern& pattern, std::string_view path, bool is_folder) {
  if (pattern.folders_only && !is_folder) return false;
  const std::size_t slash = path.rfind('/');
  const bool by_name = !pattern.anchored && slash != path.npos;
  return matches_glob(pattern.text, by_name ? path.substr(slash + 1) : path);
}

const IgnorePattern* last_word(const std::vector<IgnorePattern>& patterns, std::string_view path,
                               bool is_folder) {
  for (auto pattern = patterns.rbegin(); pattern != patterns.rend(); ++pattern)
    if (applies(*pattern, path, is_folder)) return &*pattern;
  return nullptr;
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view text) {
  constexpr std::size_t kLongest = 4096;
  if (pattern.size() > kLongest || text.size() > kLongest) return false;
  return Machine(pattern).accepts(text);
}

std::vector<IgnorePattern> parse_ignore_file(const SourcePtr& source, IgnoreDialect dialect) {
  constexpr std::size_t kMostPatterns = 2000;
  std::vector<IgnorePattern> patterns;
  Places places(source);
  const std::string_view text = source->text;
  for (std::size_t begin = 0; begin < text.size() && patterns.size() < kMostPatterns;) {
    const std::size_t end = line_end(text, begin);
    std::string_view line = trim(text.substr(begin, end - begin));
    if (!line.empty() && line.front() != '#') {
      IgnorePattern pattern;
      const auto first = static_cast<std::size_t>(line.data() - text.data());
      pattern.span = places.span(first, first + line.size());
      pattern.taken_back = line.front() == '!';
      if (pattern.taken_back) line.remove_prefix(1);
      pattern.folders_only = dialect == IgnoreDialect::git && line.ends_with('/');
      while (line.ends_with('/')) line.remove_suffix(1);
      pattern.anchored = dialect == IgnoreDialect::docker || line.find('/') != line.npos;
      if (line.starts_with("./")) line.remove_prefix(2);
      if (line.starts_with('/')) line.remove_prefix(1);
      pattern.text = line;
      if (!pattern.text.empty()) patterns.push_back(std::move(pattern));
    }
    begin = end + 1;
  }
  return patterns;
}

const IgnorePattern* last_match(const std::vector<IgnorePattern>& patterns, std::string_view path) {
  // Folders from the top: what is said of one is said of what is in it, until something else is.
  const IgnorePattern* last = nullptr;
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1))
    if (const IgnorePattern* found = last_word(patterns, path.substr(0, slash), true)) last = found;
  const IgnorePattern* found = last_word(patterns, path, false);
  return found == nullptr ? last : found;
}

const IgnorePattern* ignored_by(const std::vector<IgnorePattern>& patterns, std::string_view path) {
  const IgnorePattern* found = last_match(patterns, path);
  return found == nullptr || found->taken_back ? nullptr : found;
}

}  // namespace exai::config
