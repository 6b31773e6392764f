#include "core/control/methods.hpp"

#include <algorithm>

#include "core/base/rpc.hpp"

namespace exai::control {

namespace {

constexpr std::array kErrors{
    ErrorRow{rpc::kParseError, "parse error", "the line is no JSON", true},
    ErrorRow{rpc::kInvalidRequest, "invalid request",
             "it is JSON, but no request with an id, or the line is longer than 1 MiB", true},
    ErrorRow{rpc::kMethodNotFound, "method not found",
             "this supervisor does not know the method; `data` has its protocol and version", true},
    ErrorRow{rpc::kInvalidParams, "invalid parameters",
             "a parameter is missing or not of its shape; the message names it", true},
    ErrorRow{rpc::kInternalError, "internal error", "the supervisor's own fault", true},
    ErrorRow{kUnknownService, "unknown service",
             "no service has this name; the message has the nearest one", false},
    ErrorRow{kShuttingDown, "shutting down", "the stack goes down; it takes no wishes any more",
             false},
    ErrorRow{kTooManyClients, "too many clients",
             "every place is taken by a client that is busy; the connection is closed", true},
    ErrorRow{kUnsupportedProtocol, "unsupported protocol",
             "it does not speak the version of your hello; `data` has those that it speaks", false},
    ErrorRow{kNotAllowed, "not allowed",
             "this connection may only look, or has not shown its token yet", true},
    ErrorRow{kNotRunning, "not running", "there is no process to send a signal to", false},
};

bool has_shape(const json::value& value, Shape shape) {
  switch (shape) {
    case Shape::text:
      return value.is_string();
    case Shape::flag:
      return value.is_bool();
    case Shape::count:
      return (value.is_int64() && value.get_int64() >= 0) || value.is_uint64();
    case Shape::texts:
      return value.is_array() &&
             std::all_of(value.get_array().begin(), value.get_array().end(),
                         [](const json::value& item) { return item.is_string(); });
    case Shape::none:
      break;
  }
  return false;
}

bool is_empty(const json::value& value) {
  return (value.is_array() && value.get_array().empty()) ||
         (value.is_string() && value.get_string().empty());
}

}  // namespace

std::string_view name(Scope scope) {
  switch (scope) {
    case Scope::read:
      return "read";
    case Scope::change:
      return "change";
    case Scope::own:
      return "own";
  }
  return "";
}

std::string_view name(Shape shape) {
  switch (shape) {
    case Shape::text:
      return "a text";
    case Shape::texts:
      return "a list of texts";
    case Shape::count:
      return "a number that is not negative";
    case Shape::flag:
      return "true or false";
    case Shape::none:
      break;
  }
  return "nothing";
}

std::span<const Parameter> parameters_of(const Method& method) {
  const auto* end = std::find_if(method.parameters.begin(), method.parameters.end(),
                                 [](const Parameter& each) { return each.name.empty(); });
  return {method.parameters.begin(), end};
}

std::span<const int> errors_of(const Method& method) {
  return {method.errors.begin(), std::find(method.errors.begin(), method.errors.end(), 0)};
}

const Method* find_method(std::string_view name) {
  const auto* found = std::find_if(kMethods.begin(), kMethods.end(),
                                   [&](const Method& each) { return each.name == name; });
  return found == kMethods.end() ? nullptr : found;
}

Result<> check_parameters(const Method& method, const json::object& parameters) {
  for (const Parameter& parameter : parameters_of(method)) {
    const json::value* value = find(parameters, parameter.name);
    const bool required = parameter.presence == Presence::required;
    if (!value || value->is_null()) {
      if (!required) continue;
      return fail(Errc::invalid, "{} needs \"{}\": {}", method.name, parameter.name,
                  parameter.summary);
    }
    if (!has_shape(*value, parameter.shape))
      return fail(Errc::invalid, "\"{}\" of {} must be {}", parameter.name, method.name,
                  name(parameter.shape));
    if (required && is_empty(*value))
      return fail(Errc::invalid, "\"{}\" of {} is empty: {}", parameter.name, method.name,
                  parameter.summary);
  }
  return {};
}

std::span<const ErrorRow> errors() {
  return kErrors;
}

}  // namespace exai::control
