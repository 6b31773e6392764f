#pragma once
// JSON by Boost.JSON, with the limits and the small readers that every user of it wants.
// Errors: parse_json gives `invalid` with line and column of the first fault.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace exai {

namespace json = boost::json;

struct JsonLimits {
  std::size_t bytes = 32U << 20U;
  std::size_t depth = 64;
};

// `memory` holds what the value is made of, and outlives it.
Result<json::value> parse_json(std::string_view text, const JsonLimits& limits = {},
                               json::storage_ptr memory = {});
Result<json::object> parse_json_object(std::string_view text, const JsonLimits& limits = {});

// One line, keys in the order they were added.
std::string to_text(const json::value& value);
std::string to_text(const json::object& object);  // without a copy of it as a value
// Two-space indentation and a final newline, for people and files.
std::string to_pretty_text(const json::value& value);
std::string to_pretty_text(const json::object& object);

// Members by name: nothing when the member is absent or of another type.
const json::value* find(const json::object& object, std::string_view key);
std::optional<std::string> find_string(const json::object& object, std::string_view key);
std::optional<std::int64_t> find_integer(const json::object& object, std::string_view key);
std::optional<double> find_number(const json::object& object, std::string_view key);
std::optional<bool> find_bool(const json::object& object, std::string_view key);
const json::object* find_object(const json::object& object, std::string_view key);
const json::array* find_array(const json::object& object, std::string_view key);

}  // namespace exai
