#include "core/config/regex.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMostSteps = 2000;
constexpr int kDeepest = 50;
constexpr std::int32_t kMostRepeats = 1000;
constexpr char32_t kLastCodePoint = 0x10FFFF;

}  // namespace

// Recursive descent over the pattern; each part gives its piece of the program.
class RegexCompiler {
 public:
  explicit RegexCompiler(std::string_view pattern) : rest_(pattern) {}

  Result<Regex> compile() && {
    TRY(program, branches(0));
    if (!rest_.empty()) return fail(Errc::invalid, "a \")\" without \"(\"");
    result_.program_ = std::move(program);
    return std::move(result_);
  }

 private:
  using Op = Regex::Op;
  using Set = Regex::Set;
  using Program = std::vector<Regex::Step>;

  static std::int32_t size(const Program& program) {
    return static_cast<std::int32_t>(program.size());
  }

  bool skip(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  static tl::unexpected<Error> too_large() {
    return fail(Errc::invalid, "the pattern is too large");
  }

  Result<Program> branches(int depth) {
    TRY(program, branch(depth));
    while (skip("|")) {
      TRY(other, branch(depth));
      Program both{{Op::split, 1, size(program) + 2}};
      both.insert(both.end(), program.begin(), program.end());
      both.push_back({Op::jump, size(other) + 1});
      both.insert(both.end(), other.begin(), other.end());
      program = std::move(both);
      if (program.size() > kMostSteps) return too_large();
    }
    return program;
  }

  Result<Program> branch(int depth) {
    Program program;
    while (!rest_.empty() && rest_[0] != '|' && rest_[0] != ')') {
      TRY(part, assertion_or_atom(depth));
      program.insert(program.end(), part.begin(), part.end());
      if (program.size() > kMostSteps) return too_large();
    }
    return program;
  }

  Result<Program> assertion_or_atom(int depth) {
    if (skip("^")) return Program{{Op::begin}};
    if (skip("$")) return Program{{Op::end}};
    if (skip("\\b")) return Program{{Op::word_edge}};
    if (skip("\\B")) return Program{{Op::no_word_edge}};
    TRY(one, atom(depth));
    return counted(std::move(one));
  }

  Result<Program> atom(int depth) {
    if (skip("(")) return group(depth);
    if (skip("[")) return bracketed();
    if (skip(".")) return set({{0, 9}, {0xB, 0xC}, {0xE, 0x2027}, {0x202A, kLastCodePoint}});
    if (rest_.find_first_of("*+?") == 0) return fail(Errc::invalid, "nothing to repeat");
    if (rest_[0] != '\\')
      return Program{{Op::literal, static_cast<std::int32_t>(take_code_point(rest_))}};
    TRY(escaped, escape());
    if (escaped.size() == 1 && escaped[0].first == escaped[0].last)
      return Program{{Op::literal, static_cast<std::int32_t>(escaped[0].first)}};
    return set(std::move(escaped));
  }

  Result<Program> group(int depth) {
    if (depth == kDeepest) return fail(Errc::invalid, "groups are nested too deep");
    if (rest_.starts_with("?") && !skip("?:")) {
      const std::size_t close = rest_.find('>');
      const bool is_named = rest_.size() > 2 && rest_[1] == '<' && rest_[2] != '=' &&
                            rest_[2] != '!' && close != rest_.npos;
      if (!is_named) return fail(Errc::invalid, "looking ahead or behind is not supported");
      rest_.remove_prefix(close + 1);
    }
    TRY(program, branches(depth + 1));
    if (!skip(")")) return fail(Errc::invalid, "a \"(\" without \")\"");
    return program;
  }

  Program set(Set ranges) {
    result_.sets_.push_back(std::move(ranges));
    return {{Op::set, static_cast<std::int32_t>(result_.sets_.size() - 1)}};
  }

  // Behind an atom: how often.
  Result<Program> counted(Program one) {
    std::int32_t least = 1;
    std::optional<std::int32_t> most = 1;
    if (skip("*")) {
      least = 0;
      most.reset();
    } else if (skip("+")) {
      most.reset();
    } else if (skip("?")) {
      least = 0;
    } else if (!braces(least, most)) {
      return one;
    }
    skip("?");
    if (most && *most < least) return fail(Errc::invalid, "a count whose end is below its begin");
    const std::int32_t copies = std::max(most.value_or(least), 1);
    if (copies > kMostRepeats || static_cast<std::size_t>(copies) * (one.size() + 2) > kMostSteps)
      return too_large();
    return repeated(one, least, most);
  }

  // "{n}", "{n,}", "{n,m}"; other braces are characters.
  bool braces(std::int32_t& least, std::optional<std::int32_t>& most) {
    const std::size_t close = rest_.find('}');
    if (!rest_.starts_with("{") || close == rest_.npos) return false;
    const std::string_view inner = rest_.substr(1, close - 1);
    const std::size_t comma = inner.find(',');
    const auto low = number(inner.substr(0, comma));
    const std::string_view behind = comma == inner.npos ? "" : inner.substr(comma + 1);
    const auto high = number(behind);
    if (!low || (!behind.empty() && !high)) return false;
    least = *low;
    most = comma == inner.npos ? low : high;
    rest_.remove_prefix(close + 1);
    return true;
  }

  // A larger one than the limit is the limit and one.
  static std::optional<std::int32_t> number(std::string_view digits) {
    if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos)
      return std::nullopt;
    const auto value = parse_integer(digits.substr(0, 9));
    return static_cast<std::int32_t>(std::min<std::int64_t>(value.value_or(0), kMostRepeats + 1));
  }

  static Program repeated(const Program& one, std::int32_t least,
                          std::optional<std::int32_t> most) {
    Program program;
    const auto append = [&] { program.insert(program.end(), one.begin(), one.end()); };
    for (std::int32_t i = 0; i < least; ++i) append();
    for (std::int32_t i = least; i < most.value_or(0); ++i) {
      program.push_back({Op::split, 1, size(one) + 1});
      append();
    }
    if (!most) {
      program.push_back({Op::split, 1, size(one) + 2});
      append();
      program.push_back({Op::jump, -size(one) - 1});
    }
    return program;
  }

  Result<Program> bracketed() {
    const bool negated = skip("^");
    Set ranges;
    while (!rest_.empty() && rest_[0] != ']') {
      TRY(first, class_atom());
      const bool is_range = rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']';
      if (is_range && first.size() == 1 && first[0].first == first[0].last) {
        rest_.remove_prefix(1);
        TRY(last, class_atom());
        if (last.size() != 1 || last[0].last < first[0].first)
          return fail(Errc::invalid, "a range whose end is below its begin");
        first[0].last = last[0].last;
      }
      ranges.insert(ranges.end(), first.begin(), first.end());
    }
    if (!skip("]")) return fail(Errc::invalid, "a \"[\" without \"]\"");
    if (ranges.size() > kMostSteps) return too_large();
    return set(negated ? complement(std::move(ranges)) : united(std::move(ranges)));
  }

  Result<Set> class_atom() {
    if (skip("\\b")) return Set{{'\b', '\b'}};
    if (skip("\\-")) return Set{{'-', '-'}};
    if (rest_[0] == '\\') return escape();
    const char32_t one = take_code_point(rest_);
    return Set{{one, one}};
  }

  static Set united(Set ranges) {
    std::sort(ranges.begin(), ranges.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    Set result;
    for (const Regex::Range& range : ranges) {
      if (!result.empty() && range.first <= result.back().last)
        result.back().last = std::max(result.back().last, range.last);
      else
        result.push_back(range);
    }
    return result;
  }

  static Set complement(Set ranges) {
    Set result;
    char32_t next = 0;
    for (const Regex::Range& range : united(std::move(ranges))) {
      if (range.first > next) result.push_back({next, range.first - 1});
      next = range.last + 1;
    }
    if (next <= kLastCodePoint) result.push_back({next, kLastCodePoint});
    return result;
  }

  // rest_ begins with a backslash.
  Result<Set> escape() {
    rest_.remove_prefix(1);
    if (rest_.empty()) return fail(Errc::invalid, "a \"\\\" at the end");
    const char kind = rest_[0];
    static const Set kDigits = {{'0', '9'}};
    static const Set kWords = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    static const Set kSpaces = {
        {9, 13},          {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
        {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
    for (const auto& [letter, ranges] :
         {std::pair{'d', &kDigits}, {'w', &kWords}, {'s', &kSpaces}}) {
      if (kind != letter && kind != letter - 32) continue;
      rest_.remove_prefix(1);
      return kind == letter ? *ranges : complement(*ranges);
    }
    TRY(one, escaped_character());
    return Set{{one, one}};
  }

  Result<char32_t> escaped_character() {
    constexpr std::string_view kLetters = "tnvfr";
    constexpr std::string_view kMeaning = "\t\n\v\f\r";
    const char32_t kind = take_code_point(rest_);
    if (kind < 0x80)
      if (const auto at = kLetters.find(static_cast<char>(kind)); at != kLetters.npos)
        return static_cast<char32_t>(kMeaning[at]);
    if (kind == '0' && (rest_.empty() || rest_[0] < '0' || rest_[0] > '9')) return U'\0';
    if (kind == 'c' && !rest_.empty() && continues_identifier(static_cast<unsigned char>(rest_[0])))
      return take_code_point(rest_) % 32;
    if (kind == 'x') return hexadecimal(2);
    if (kind == 'u') return unicode();
    if (is_digit(kind)) return fail(Errc::invalid, "back references are not supported");
    if (continues_identifier(kind))
      return fail(Errc::invalid, "the escape \\{} is not supported", static_cast<char>(kind));
    return kind;
  }

  Result<char32_t> hexadecimal(std::size_t digits) {
    const std::string_view text = rest_.substr(0, digits);
    if (text.size() < digits || digits > 6 || !std::all_of(text.begin(), text.end(), is_hex_digit))
      return fail(Errc::invalid, "an escape with too few digits");
    char32_t value = 0;
    for (const char c : text) value = value * 16 + static_cast<char32_t>(hex_digit(c));
    rest_.remove_prefix(digits);
    return value;
  }

  Result<char32_t> unicode() {
    if (skip("{")) {
      TRY(value, hexadecimal(std::min(rest_.find('}'), rest_.size())));
      if (!skip("}") || value > kLastCodePoint)
        return fail(Errc::invalid, "an escape of no character");
      return value;
    }
    TRY(high, hexadecimal(4));
    if (high < 0xD800 || high > 0xDBFF || !skip("\\u")) return high;
    TRY(low, hexadecimal(4));
    return 0x10000 + ((high - 0xD800) << 10U) + (low & 0x3FFU);
  }

  std::string_view rest_;
  Regex result_;
};

// All ways through the program at once, one code point after the other.
class RegexRun {
 public:
  RegexRun(const Regex& regex, std::string_view text)
      : regex_(regex), rest_(text), seen_(regex.program_.size() + 1, 0) {}

  bool finds() {
    const bool from_the_start = !regex_.program_.empty() && regex_.program_[0].op == Op::begin;
    std::optional<char32_t> before;
    for (std::uint32_t round = 1;; ++round) {
      std::string_view behind = rest_;
      std::optional<char32_t> next;
      if (!behind.empty()) next = take_code_point(behind);
      entered_.clear();
      for (const std::size_t at : waiting_) enter(at, round, before, next);
      if (round == 1 || !from_the_start) enter(0, round, before, next);
      if (seen_.back() == round) return true;
      if (!next || (entered_.empty() && from_the_start)) return false;
      advance(*next);
      before = next;
      rest_ = behind;
    }
  }

 private:
  using Op = Regex::Op;

  // Everything that can be reached from a step without a character.
  void enter(std::size_t start, std::uint32_t round, std::optional<char32_t> before,
             std::optional<char32_t> next) {
    open_.assign(1, start);
    while (!open_.empty()) {
      const std::size_t at = open_.back();
      open_.pop_back();
      if (std::exchange(seen_[at], round) == round || at == regex_.program_.size()) continue;
      const Regex::Step& step = regex_.program_[at];
      const bool edge =
          (before && continues_identifier(*before)) != (next && continues_identifier(*next));
      switch (step.op) {
        case Op::literal:
        case Op::set:
          entered_.push_back(at);
          break;
        case Op::split:
          open_.push_back(target(at, step.alternative));
          [[fallthrough]];
        case Op::jump:
          open_.push_back(target(at, step.argument));
          break;
        case Op::begin:
          if (!before) open_.push_back(at + 1);
          break;
        case Op::end:
          if (!next) open_.push_back(at + 1);
          break;
        case Op::word_edge:
          if (edge) open_.push_back(at + 1);
          break;
        case Op::no_word_edge:
          if (!edge) open_.push_back(at + 1);
          break;
      }
    }
  }

  static std::size_t target(std::size_t at, std::int32_t distance) {
    return static_cast<std::size_t>(static_cast<std::int64_t>(at) + distance);
  }

  void advance(char32_t one) {
    waiting_.clear();
    for (const std::size_t at : entered_) {
      const Regex::Step& step = regex_.program_[at];
      const auto argument = static_cast<std::size_t>(step.argument);
      if (step.op == Op::literal ? argument == one : is_in(regex_.sets_[argument], one))
        waiting_.push_back(at + 1);
    }
  }

  static bool is_in(const Regex::Set& set, char32_t one) {
    const auto above = std::upper_bound(
        set.begin(), set.end(), one, [](char32_t c, const auto& range) { return c < range.first; });
    return above != set.begin() && one <= (above - 1)->last;
  }

  const Regex& regex_;
  std::string_view rest_;
  std::vector<std::uint32_t> seen_;   // by step: the round in which it was entered last
  std::vector<std::size_t> entered_;  // steps that want a character
  std::vector<std::size_t> waiting_;  // steps behind those that got it
  std::vector<std::size_t> open_;
};

Result<Regex> Regex::compile(std::string_view pattern) {
  return RegexCompiler(pattern).compile();
}

bool Regex::finds(std::string_view text) const {
  return RegexRun(*this, text).finds();
}

}  // namespace exai::config
