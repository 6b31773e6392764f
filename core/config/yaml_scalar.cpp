#include "core/config/yaml_scalar.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/ascii.hpp"

namespace exai::config {

namespace {

// The digits with a minus but without a prefix, and the base that it says; empty: no integer.
struct Digits {
  std::string text;
  int base = 10;
};

Digits digits_of(std::string_view text) {
  std::string sign;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    if (text[0] == '-') sign = "-";
    text.remove_prefix(1);
  }
  if (text.empty() || !is_digit(text[0])) return {};
  const auto prefixed = [&](char small, char large) {
    return text.size() > 2 && text[0] == '0' && (text[1] == small || text[1] == large);
  };
  if (prefixed('x', 'X')) return {sign + std::string(text.substr(2)), 16};
  if (prefixed('o', 'O')) return {sign + std::string(text.substr(2)), 8};
  if (prefixed('b', 'B')) return {sign + std::string(text.substr(2)), 2};
  if (text.size() > 1 && text[0] == '0') return {sign + std::string(text.substr(1)), 8};
  return {sign + std::string(text), 10};
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::string plain(text);
  std::erase(plain, '_');
  const Digits digits = digits_of(plain);
  const std::size_t first = digits.text.starts_with('-') ? 1 : 0;
  if (digits.text.size() == first || digits.text[first] == '-') return std::nullopt;
  std::int64_t value = 0;
  const char* end = digits.text.data() + digits.text.size();
  const auto [at, error] = std::from_chars(digits.text.data(), end, value, digits.base);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

// [-+]? ( .digits | digits [. digits?] ) ( [eE] [-+]? digits )?
bool looks_like_number(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - begin;
  };
  const std::size_t whole = digits();
  std::size_t fraction = 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    fraction = digits();
  }
  if (whole + fraction == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::optional<double> number(std::string_view text) {
  const std::string_view bare =
      !text.empty() && (text[0] == '-' || text[0] == '+') ? text.substr(1) : text;
  const double sign = text.starts_with('-') ? -1 : 1;
  if (bare == ".inf" || bare == ".Inf" || bare == ".INF")
    return sign * std::numeric_limits<double>::infinity();
  if (text == ".nan" || text == ".NaN" || text == ".NAN")
    return std::numeric_limits<double>::quiet_NaN();
  std::string plain(text);
  std::erase(plain, '_');
  if (!looks_like_number(plain)) return std::nullopt;
  const std::string_view digits = std::string_view(plain).substr(plain[0] == '+' ? 1 : 0);
  double value = 0;
  const auto [at, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || at != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// Go's %v: digits, an exponent only below 1e-4 and from 1e21 on.
std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const double size = std::abs(value);
  char buffer[64];
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e21);
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  return error == std::errc() ? std::string(buffer, end) : fmt::format("{}", value);
}

}  // namespace

decltype(Node::value) plain_scalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const char first = text[0];
  if (is_digit(first) || first == '-' || first == '+' || first == '.') {
    if (const auto whole = integer(text)) return *whole;
    if (const auto any = number(text)) return *any;
  }
  return std::string(text);
}

std::string scalar_text(const Node& node) {
  if (const std::string* text = node.string()) return *text;
  if (const std::int64_t* whole = node.integer()) return std::to_string(*whole);
  if (const bool* flag = node.boolean()) return *flag ? "true" : "false";
  if (const double* any = std::get_if<double>(&node.value)) return number_text(*any);
  return "";
}

}  // namespace exai::config
