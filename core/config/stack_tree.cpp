#include "core/config/stack_tree.hpp"

#include <algorithm>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/formats.hpp"
#include "core/config/stack_schema.hpp"

namespace exai::config {

const Node::Table& members(const Node& node, std::string_view key) {
  static const Node::Table kNone;
  const Node* found = node.find(key);
  const Node::Table* table = found == nullptr ? nullptr : found->table();
  return table == nullptr ? kNone : *table;
}

const Node::Table& services(const Node& tree) {
  return members(tree, "services");
}

std::string text_or(const Node& node, std::string_view key, std::string_view otherwise) {
  const Node* found = node.find(key);
  const std::string* text = found == nullptr ? nullptr : found->string();
  return text == nullptr ? std::string(otherwise) : *text;
}

Duration duration_or(const Node& node, std::string_view key, Duration otherwise) {
  const Node* found = node.find(key);
  if (found == nullptr || found->string() == nullptr) return otherwise;
  return parse_duration(*found->string()).value_or(otherwise);
}

int integer_or(const Node& node, std::string_view key, int otherwise) {
  const Node* found = node.find(key);
  return found == nullptr || found->integer() == nullptr ? otherwise
                                                         : static_cast<int>(*found->integer());
}

std::vector<std::string> texts(const Node* list) {
  std::vector<std::string> result;
  if (list != nullptr && list->list() != nullptr)
    for (const Node& item : *list->list())
      if (item.string() != nullptr) result.push_back(*item.string());
  return result;
}

std::vector<PortBinding> ports_of(const Node& service) {
  std::vector<PortBinding> ports;
  for (const Member& member : members(service, "ports")) {
    std::string text;
    if (member.value.string() != nullptr) text = *member.value.string();
    if (member.value.integer() != nullptr) text = std::to_string(*member.value.integer());
    if (const auto number = parse_port(text))
      ports.push_back({member.key, *number, member.value.span});
  }
  return ports;
}

std::string_view kind_of(const Node& check) {
  const CheckKind* kind = check_kind_of(check);
  return kind == nullptr ? std::string_view() : kind->name;
}

namespace {

// A whole URL says itself where it leads.
bool is_url(const Node* text) {
  return text != nullptr && text->string() != nullptr && !text->string()->starts_with('/') &&
         text->string()->find("://") != std::string::npos;
}

const PortBinding* port_called(const std::vector<PortBinding>& ports, std::string_view name) {
  const auto found = std::find_if(ports.begin(), ports.end(),
                                  [&](const PortBinding& port) { return port.name == name; });
  return found == ports.end() ? nullptr : &*found;
}

}  // namespace

CheckTarget target_of(const Node& service, const Member& check, std::string_view service_name) {
  const CheckKind* kind = check_kind_of(check.value);
  if (kind == nullptr || !kind->connects || is_url(check.value.find(kind->name))) return {};
  const Node* declared = service.find("ports");
  if (declared != nullptr && declared->table() == nullptr) return {};  // reported there
  const std::vector<PortBinding> ports = ports_of(service);
  const std::string path = fmt::format("services.{}.{}", service_name, check.key);
  std::vector<std::string> names;
  for (const Member& member : members(service, "ports")) names.push_back(member.key);
  if (const Node* named = check.value.find("port");
      named != nullptr && named->string() != nullptr) {
    const std::string& name = *named->string();
    if (const PortBinding* port = port_called(ports, name)) return {port->number, {}};
    if (contains(names, name)) return {};  // reported there
    const auto meant = closest(name, names);
    return {{},
            problem("CFG005", named->span,
                    fmt::format("{}.port: the service has no port \"{}\"", path, printable(name)),
                    meant           ? fmt::format("did you mean \"{}\"?", *meant)
                    : names.empty() ? "add it to the service's ports"
                                    : "its ports are " + join(names, ", "))};
  }
  if (const PortBinding* port = port_called(ports, kind->name)) return {port->number, {}};
  if (ports.size() == 1 && names.size() == 1) return {ports[0].number, {}};
  if (ports.size() != names.size()) return {};
  return {{},
          problem("CFG002", check.key_span,
                  fmt::format("{} does not say which port to connect to", path),
                  names.empty() ? "give the service a port: ports = { main = 8080 }"
                                : "add port = one of " + join(names, ", "))};
}

}  // namespace exai::config
