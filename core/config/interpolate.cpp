#include "core/config/interpolate.hpp"

#include <fmt/core.h>

#include <utility>

#include "core/base/ascii.hpp"
#include "core/config/config.hpp"

namespace exai::config {

namespace {

constexpr int kMaxNesting = 32;
constexpr std::size_t kMaxExpansion = std::size_t{1} << 20U;
constexpr std::string_view kBadOperator =
    "after the name comes \"}\" or one of \":-\", \"-\", \":+\", \"+\", \":?\", \"?\"";

// What ${NAME…} does, by the character of its operator; '}' for none.
struct Reference {
  std::string_view name;
  char action = '}';
  bool empty_is_unset = false;  // the colon
  std::size_t argument_begin = 0;
  std::size_t argument_end = 0;
  std::size_t begin = 0;  // of the dollar
  std::size_t end = 0;    // after the brace
};

class Expander {
 public:
  Expander(std::string_view text, const Lookup& lookup) : text_(text), lookup_(lookup) {}

  Interpolated run() && {
    expand_range(0, text_.size(), 0, result_.text);
    return std::move(result_);
  }

 private:
  void fault(InterpolationFault::Kind kind, std::string message, std::size_t begin,
             std::size_t end) {
    if (used_ && !result_.fault)
      result_.fault = InterpolationFault{kind, std::move(message), begin, end};
  }

  void expand_range(std::size_t at, std::size_t end, int depth, std::string& out) {
    while (at < end && !result_.fault) {
      const std::size_t dollar = std::min(text_.find('$', at), end);
      append(out, text_.substr(at, dollar - at), at);
      at = dollar < end ? expand_dollar(dollar, end, depth, out) : end;
    }
  }

  // References can double what they refer to again and again: the result has a limit.
  void append(std::string& out, std::string_view piece, std::size_t at) {
    if (!used_) return;
    if (out.size() + piece.size() > kMaxExpansion)
      return fault(InterpolationFault::Kind::syntax, "the text gets longer than 1 MiB", at, at);
    out += piece;
  }

  // Returns: where to go on.
  std::size_t expand_dollar(std::size_t dollar, std::size_t end, int depth, std::string& out) {
    const char next = dollar + 1 < end ? text_[dollar + 1] : '\0';
    if (next == '$') {
      append(out, "$", dollar);
      return dollar + 2;
    }
    if (next == '{') {
      const auto reference = parse(dollar, end);
      if (!reference) return end;
      apply(*reference, depth, out);
      return reference->end;
    }
    if (!begins_identifier(next)) {
      append(out, "$", dollar);
      return dollar + 1;
    }
    Reference plain;
    plain.begin = dollar;
    plain.name = name_at(dollar + 1, end);
    plain.end = dollar + 1 + plain.name.size();
    apply(plain, depth, out);
    return plain.end;
  }

  std::string_view name_at(std::size_t at, std::size_t end) const {
    std::size_t stop = at;
    if (stop < end && begins_identifier(text_[stop]))
      while (stop < end && continues_identifier(text_[stop])) ++stop;
    return text_.substr(at, stop - at);
  }

  std::optional<Reference> parse(std::size_t dollar, std::size_t end) {
    Reference reference;
    reference.begin = dollar;
    reference.name = name_at(dollar + 2, end);
    std::size_t at = dollar + 2 + reference.name.size();
    if (at >= end || text_[at] == '\n')
      return bad("\"${\" is never closed on its line", dollar, at);
    if (reference.name.empty()) return bad("\"${\" must be followed by a name", dollar, at + 1);
    if (text_[at] == ':') {
      reference.empty_is_unset = true;
      ++at;
    }
    reference.action = at < end ? text_[at] : '\n';
    const bool bare = reference.action == '}' && !reference.empty_is_unset;
    if (!bare && reference.action != '-' && reference.action != '+' && reference.action != '?')
      return bad(std::string(kBadOperator), dollar, std::min(at + 1, end));
    reference.argument_begin = at + 1;
    reference.argument_end = bare ? at : closing_brace(at + 1, end);
    if (reference.argument_end >= end || text_[reference.argument_end] != '}')
      return bad("\"${\" is never closed on its line", dollar, reference.argument_end);
    reference.end = reference.argument_end + 1;
    return reference;
  }

  std::optional<Reference> bad(std::string message, std::size_t begin, std::size_t end) {
    fault(InterpolationFault::Kind::syntax, std::move(message), begin, end);
    return std::nullopt;
  }

  // Returns: the brace that belongs to an open one; else where the line or the text ends.
  std::size_t closing_brace(std::size_t at, std::size_t end) const {
    for (int open = 1; at < end && text_[at] != '\n'; ++at) {
      if (text_[at] == '{') ++open;
      if (text_[at] == '}' && --open == 0) break;
    }
    return at;
  }

  void apply(const Reference& reference, int depth, std::string& out) {
    if (depth >= kMaxNesting)
      return fault(InterpolationFault::Kind::syntax, "references are nested too deeply",
                   reference.begin, reference.end);
    const std::optional<std::string> value = lookup_(reference.name);
    note(reference, depth, value);
    const bool set = value && !(reference.empty_is_unset && value->empty());
    const auto argument = [&](std::string& to) {
      expand_range(reference.argument_begin, reference.argument_end, depth + 1, to);
    };
    switch (reference.action) {
      case '-':
        if (!set) return argument(out);
        append(out, *value, reference.begin);
        return skip(reference, depth);
      case '+':
        return set ? argument(out) : skip(reference, depth);
      case '?':
        break;
      default:
        if (!value && used_)
          result_.unset.push_back({std::string(reference.name), reference.begin, reference.end});
        return append(out, value.value_or(""), reference.begin);
    }
    if (set) {
      append(out, *value, reference.begin);
      return skip(reference, depth);
    }
    std::string text;
    argument(text);
    if (text.empty()) text = "it must be set";
    fault(InterpolationFault::Kind::required, fmt::format("{}: {}", reference.name, text),
          reference.begin, reference.end);
  }

  void note(const Reference& reference, int depth, const std::optional<std::string>& value) {
    TextReference noted;
    noted.name = reference.name;
    if (reference.action != '}')
      noted.action = (reference.empty_is_unset ? ":" : "") + std::string(1, reference.action);
    noted.nested = depth > 0;
    noted.used = used_;
    noted.value = value;
    noted.begin = reference.begin;
    noted.end = reference.end;
    result_.references.push_back(std::move(noted));
  }

  // Over an argument that is not taken: only its references are noted.
  void skip(const Reference& reference, int depth) {
    const bool used = std::exchange(used_, false);
    std::string nothing;
    expand_range(reference.argument_begin, reference.argument_end, depth + 1, nothing);
    used_ = used;
  }

  std::string_view text_;
  const Lookup& lookup_;
  bool used_ = true;
  Interpolated result_;
};

}  // namespace

Interpolated expand(std::string_view text, const Lookup& lookup) {
  return Expander(text, lookup).run();
}

Result<std::string> interpolate(std::string_view text, const Lookup& lookup) {
  Interpolated result = expand(text, lookup);
  if (result.fault) return fail(Errc::invalid, "{}", result.fault->message);
  if (!result.unset.empty()) return fail(Errc::invalid, "{} is not set", result.unset[0].name);
  return std::move(result.text);
}

}  // namespace exai::config
