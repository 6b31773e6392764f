#include "core/control/reload.hpp"

namespace exai::control {

namespace {

json::array texts(const std::vector<std::string>& list) {
  json::array array;
  for (const std::string& item : list) array.emplace_back(item);
  return array;
}

ReloadChange change_from(const json::object& object) {
  ReloadChange change;
  change.service = find_string(object, "service").value_or("");
  change.action = find_string(object, "action").value_or("");
  if (const json::array* why = find_array(object, "why"))
    for (const json::value& item : *why)
      if (item.is_string()) change.why.emplace_back(item.get_string());
  return change;
}

}  // namespace

json::object to_json(const Reloaded& reloaded) {
  json::array changes;
  for (const ReloadChange& change : reloaded.changes)
    changes.push_back(json::object{
        {"service", change.service}, {"action", change.action}, {"why", texts(change.why)}});
  return {
      {"valid", reloaded.valid},
      {"applied", reloaded.applied},
      {"fingerprint", reloaded.fingerprint},
      {"changes", std::move(changes)},
      {"kept", reloaded.kept},
      {"last_event", reloaded.last_event},
      {"diagnostics", reloaded.diagnostics},
      {"text", reloaded.text},
  };
}

Result<Reloaded> reloaded_from(const json::object& object) {
  const auto valid = find_bool(object, "valid");
  if (!valid) return fail(Errc::invalid, "not the answer to a reload: it has no \"valid\"");
  Reloaded reloaded;
  reloaded.valid = *valid;
  reloaded.applied = find_bool(object, "applied").value_or(false);
  reloaded.fingerprint = find_string(object, "fingerprint").value_or("");
  reloaded.kept = static_cast<std::uint64_t>(find_integer(object, "kept").value_or(0));
  reloaded.last_event = static_cast<std::uint64_t>(find_integer(object, "last_event").value_or(0));
  reloaded.text = find_string(object, "text").value_or("");
  if (const json::array* changes = find_array(object, "changes"))
    for (const json::value& item : *changes)
      if (const auto* change = item.if_object()) reloaded.changes.push_back(change_from(*change));
  if (const json::array* diagnostics = find_array(object, "diagnostics"))
    reloaded.diagnostics = *diagnostics;
  return reloaded;
}

}  // namespace exai::control
