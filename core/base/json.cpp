#include "core/base/json.hpp"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>

namespace exai {

namespace {

std::string place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("line {}, column {}", lines + 1, before.size() - line_start + 1);
}

void append_pretty(std::string& out, const json::value& value, std::size_t depth);

// Each on a line of its own, between brackets; nothing: the brackets alone.
template <class Items, class One>
void append_lines(std::string& out, const Items& items, std::string_view brackets,
                  std::size_t depth, One one) {
  out += brackets.front();
  bool first = true;
  for (const auto& item : items) {
    out += first ? "\n" : ",\n";
    first = false;
    out.append(2 * (depth + 1), ' ');
    one(item);
  }
  if (!items.empty()) out.append("\n").append(2 * depth, ' ');
  out += brackets.back();
}

void append_pretty(std::string& out, const json::object& object, std::size_t depth) {
  append_lines(out, object, "{}", depth, [&](const auto& member) {
    out += json::serialize(json::string(member.key()));
    out += ": ";
    append_pretty(out, member.value(), depth + 1);
  });
}

void append_pretty(std::string& out, const json::value& value, std::size_t depth) {
  if (const auto* object = value.if_object()) {
    append_pretty(out, *object, depth);
  } else if (const auto* array = value.if_array()) {
    append_lines(out, *array, "[]", depth,
                 [&](const auto& item) { append_pretty(out, item, depth + 1); });
  } else if (const auto* number = value.if_double()) {
    out += fmt::format("{}", *number);  // 4.6, where serialize() writes 4.6E0
  } else {
    out += json::serialize(value);
  }
}

template <class Whole>
std::string pretty_text_of(const Whole& whole) {
  std::string out;
  append_pretty(out, whole, 0);
  out += '\n';
  return out;
}

}  // namespace

Result<json::value> parse_json(std::string_view text, const JsonLimits& limits,
                               json::storage_ptr memory) {
  if (text.size() > limits.bytes)
    return fail(Errc::invalid, "{} bytes of JSON; at most {} are read", text.size(), limits.bytes);
  json::parse_options options;
  options.max_depth = limits.depth;
  std::array<unsigned char, 2048> first;  // of its stack: enough for most messages
  json::parser parser({}, options, first.data(), first.size());
  parser.reset(std::move(memory));
  json::error_code error;
  const std::size_t consumed = parser.write_some(text.data(), text.size(), error);
  if (error == json::error::incomplete)
    return fail(Errc::invalid, "not JSON: it ends too early, at {}", place_of(text, text.size()));
  if (!error) {
    const std::size_t rest = text.find_first_not_of(" \t\r\n", consumed);
    if (rest == std::string_view::npos) return parser.release();
    return fail(Errc::invalid, "not JSON: something follows the value, at {}", place_of(text, rest));
  }
  return fail(Errc::invalid, "not JSON: {} at {}", error.message(), place_of(text, consumed));
}

Result<json::object> parse_json_object(std::string_view text, const JsonLimits& limits) {
  auto value = parse_json(text, limits);
  if (!value) return fail(std::move(value).error());
  if (!value->is_object()) return fail(Errc::invalid, "a JSON object was expected");
  return std::move(value->as_object());
}

std::string to_text(const json::value& value) { return json::serialize(value); }
std::string to_text(const json::object& object) {
  return json::serialize(object);
}

std::string to_pretty_text(const json::value& value) {
  return pretty_text_of(value);
}
std::string to_pretty_text(const json::object& object) {
  return pretty_text_of(object);
}

const json::value* find(const json::object& object, std::string_view key) {
  return object.if_contains(key);
}

std::optional<std::string> find_string(const json::object& object, std::string_view key) {
  const auto* value = find(object, key);
  if (!value || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<std::int64_t> find_integer(const json::object& object, std::string_view key) {
  const auto* value = find(object, key);
  if (!value || !value->is_number()) return std::nullopt;
  json::error_code error;
  const auto number = value->to_number<std::int64_t>(error);  // 3.0 is an integer, 3.5 is not
  if (error) return std::nullopt;
  return number;
}

std::optional<double> find_number(const json::object& object, std::string_view key) {
  const auto* value = find(object, key);
  if (!value || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::optional<bool> find_bool(const json::object& object, std::string_view key) {
  const auto* value = find(object, key);
  if (!value || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

const json::object* find_object(const json::object& object, std::string_view key) {
  const auto* value = find(object, key);
  return value ? value->if_object() : nullptr;
}

const json::array* find_array(const json::object& object, std::string_view key) {
  const auto* value = find(object, key);
  return value ? value->if_array() : nullptr;
}

}  // namespace exai
