#include "core/config/compose_merge.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "core/config/compose_nodes.hpp"
#include "core/config/compose_parts.hpp"
#include "core/config/yaml_scalar.hpp"

namespace exai::config {

namespace {

enum class How {
  deep,     // tables by key, lists one behind the other, scalars replaced
  replace,  // the stronger one alone
  keyed,    // both forms of environment: by name
  names,    // a list of names is a table of them
  list,     // one behind the other, no text twice
  ports,    // by address, published port, container port and protocol
  mounts,   // by target
  secrets,  // by target, which is in /run/secrets
  configs,  // by target
  build,    // a text is its context
  deploy,
  logging,  // options go together with their driver
};

struct Row {
  std::string_view key;
  How how;
};
// By key.
constexpr std::array kService = {
    Row{"annotations", How::keyed},  Row{"build", How::build},      Row{"cap_add", How::list},
    Row{"cap_drop", How::list},      Row{"command", How::replace},  Row{"configs", How::configs},
    Row{"depends_on", How::names},   Row{"deploy", How::deploy},    Row{"devices", How::mounts},
    Row{"dns", How::list},           Row{"dns_opt", How::list},     Row{"dns_search", How::list},
    Row{"entrypoint", How::replace}, Row{"env_file", How::list},    Row{"environment", How::keyed},
    Row{"expose", How::list},        Row{"extra_hosts", How::list}, Row{"label_file", How::list},
    Row{"labels", How::keyed},       Row{"links", How::list},       Row{"logging", How::logging},
    Row{"models", How::names},       Row{"networks", How::names},   Row{"ports", How::ports},
    Row{"profiles", How::list},      Row{"secrets", How::secrets},  Row{"sysctls", How::keyed},
    Row{"test", How::replace},       Row{"tmpfs", How::list},       Row{"ulimits", How::deep},
    Row{"volumes", How::mounts},
};
constexpr std::array kBuild = {Row{"additional_contexts", How::keyed}, Row{"args", How::keyed},
                               Row{"extra_hosts", How::list}, Row{"labels", How::keyed},
                               Row{"tags", How::list}};
constexpr std::array kDeploy = {Row{"labels", How::keyed}};
constexpr std::array kSection = {Row{"labels", How::keyed}};

template <std::size_t N>
How find_how(const std::array<Row, N>& rows, std::string_view key) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.key == key; });
  return found == rows.end() ? How::deep : found->how;
}

Node::List as_list(const Node& node) {
  if (const Node::List* list = node.list()) return *list;
  if (is_null(node)) return {};
  const Node::Table* table = node.table();
  if (table == nullptr) return {node};
  Node::List items;
  for (const Member& member : *table) {
    Node item;
    item.value = member.key + "=" + scalar_text(member.value);
    item.span = member.key_span;
    items.push_back(std::move(item));
  }
  return items;
}

Node::Table as_names(const Node& node) {
  if (const Node::Table* table = node.table()) return *table;
  Node::Table members;
  if (const Node::List* list = node.list())
    for (const Node& item : *list)
      if (const std::string* name = item.string())
        members.push_back({*name, item.span, Node{{}, item.span}});
  return members;
}

std::string text_at(const Node& node, std::string_view key) {
  const Node* found = node.find(key);
  return found == nullptr ? "" : scalar_text(*found);
}

std::string port_index(const Node& node) {
  if (node.table() != nullptr) {
    const std::string protocol = text_at(node, "protocol");
    return fmt::format("{}:{}:{}/{}", text_at(node, "host_ip"), text_at(node, "published"),
                       text_at(node, "target"), protocol.empty() ? "tcp" : protocol);
  }
  const auto port = parse_compose_port(scalar_text(node), node.span);
  if (!port) return "";
  const auto range = [](const PortRange& one) {
    return one.first == one.last ? std::to_string(one.first)
                                 : fmt::format("{}-{}", one.first, one.last);
  };
  return fmt::format("{}:{}:{}/{}", port->host_ip, port->host ? range(*port->host) : "",
                     range(port->container), port->protocol);
}

std::string mount_index(const Node& node) {
  if (node.table() != nullptr) return text_at(node, "target");
  const auto mount = parse_compose_mount(scalar_text(node), node.span);
  return mount ? mount->target : "";
}

std::string grant_index(const Node& node, std::string_view folder) {
  const bool table = node.table() != nullptr;
  if (table && node.find("target") != nullptr) return text_at(node, "target");
  return std::string(folder) + (table ? text_at(node, "source") : scalar_text(node));
}

// What two entries of a list have in common when one takes the place of the other; empty: nothing.
std::string index_of(const Node& node, How how) {
  switch (how) {
    case How::ports:
      return port_index(node);
    case How::mounts:
      return mount_index(node);
    case How::secrets:
      return grant_index(node, "/run/secrets/");
    case How::configs:
      return grant_index(node, "/");
    default:
      return node.table() != nullptr ? text_at(node, "path") : scalar_text(node);
  }
}

void append_unique(Node::List& base, Node::List over, How how) {
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < base.size(); ++i) known.emplace(index_of(base[i], how), i);
  for (Node& item : over) {
    const std::string index = index_of(item, how);
    const auto found = index.empty() ? known.end() : known.find(index);
    if (found != known.end())
      base[found->second] = std::move(item);
    else
      base.push_back(std::move(item));
  }
}

}  // namespace

Node::Table as_table(const Node& node) {
  if (const Node::Table* table = node.table()) return *table;
  Node::Table members;
  const Node::List* list = node.list();
  if (list == nullptr) return members;
  members.reserve(list->size());
  for (const Node& item : *list) {
    if (item.list() != nullptr || item.table() != nullptr) continue;
    const std::string text = scalar_text(item);
    const std::size_t equals = text.find('=');
    const std::size_t key_end = std::min(equals, text.size());
    Member member;
    member.key = text.substr(0, key_end);
    member.key_span = part_of(item.span, text, 0, key_end);
    member.value.span = member.key_span;
    if (equals != text.npos) {
      member.value.value = text.substr(equals + 1);
      member.value.span = part_of(item.span, text, equals + 1, text.size());
    }
    members.push_back(std::move(member));
  }
  return members;
}

void ComposeTags::add(const SourcePtr& source, const std::map<Position, std::string>& tags) {
  for (const auto& [position, tag] : tags) tags_[{source.get(), position}] = tag;
}

std::string_view ComposeTags::tag(const Node& node) const {
  if (tags_.empty()) return {};
  const auto found = tags_.find({node.span.source.get(), node.span.begin});
  return found == tags_.end() ? std::string_view() : std::string_view(found->second);
}

Overridden ComposeMerge::service(Node& base, const Node& over) const {
  Overridden overridden;
  members(base, over, Level::service, &overridden);
  return overridden;
}

void ComposeMerge::section(Node& base, const Node& over) const {
  value(base, over, Level::section);
}

void ComposeMerge::members(Node& base, const Node& over, Level level,
                           Overridden* overridden) const {
  auto* table = std::get_if<Node::Table>(&base.value);
  if (table == nullptr || over.table() == nullptr) return refuse(base, over);
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < table->size(); ++i) known.emplace((*table)[i].key, i);
  std::vector<bool> gone(table->size() + over.table()->size(), false);
  for (const Member& member : *over.table()) {
    const auto [found, is_new] = known.emplace(member.key, table->size());
    if (tags_.is_reset(member.value)) {
      if (is_new)
        known.erase(found);
      else
        gone[found->second] = true;
    } else if (is_new) {
      table->push_back({member.key, member.key_span, without_resets(member.value)});
    } else if (tags_.is_override(member.value)) {
      (*table)[found->second] = {member.key, member.key_span, without_resets(member.value)};
    } else {
      special((*table)[found->second].value, member, level, overridden);
    }
  }
  std::size_t at = 0;
  std::erase_if(*table, [&](const Member&) { return gone[at++]; });
}

void ComposeMerge::special(Node& base, const Member& over, Level level,
                           Overridden* overridden) const {
  const How how = level == Level::service  ? find_how(kService, over.key)
                  : level == Level::build  ? find_how(kBuild, over.key)
                  : level == Level::deploy ? find_how(kDeploy, over.key)
                                           : find_how(kSection, over.key);
  const auto driver = [](const Node& node) { return text_at(node, "driver"); };
  switch (how) {
    case How::deep:
      // A healthcheck's test is replaced like a service's command.
      return value(base, over.value, over.key == "healthcheck" ? Level::service : Level::section);
    case How::replace:
      if (!is_null(over.value)) base = over.value;
      return;
    case How::keyed:
      return keyed(base, over.value, over.key == "environment" ? overridden : nullptr);
    case How::names: {
      Node names{as_names(over.value), over.value.span};
      base.value = as_names(base);
      return members(base, names, Level::section, nullptr);
    }
    case How::build: {
      const auto table = [](const Node& node) {
        if (node.string() == nullptr) return node;
        return Node{Node::Table{{"context", node.span, node}}, node.span};
      };
      base = table(base);
      return value(base, table(over.value), Level::build);
    }
    case How::deploy:
      return value(base, over.value, Level::deploy);
    case How::logging:
      if (!driver(base).empty() && !driver(over.value).empty() &&
          driver(base) != driver(over.value))
        base = without_resets(over.value);
      else
        value(base, over.value, Level::section);
      return;
    default: {
      Node::List list = as_list(base);
      append_unique(list, as_list(over.value), how);
      base.value = std::move(list);
    }
  }
}

void ComposeMerge::keyed(Node& base, const Node& over, Overridden* overridden) const {
  Node::Table table = as_table(base);
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < table.size(); ++i) known[table[i].key] = i;
  for (Member& member : as_table(over)) {
    const auto [found, is_new] = known.emplace(member.key, table.size());
    if (is_new) {
      table.push_back(std::move(member));
      continue;
    }
    if (overridden != nullptr) overridden->push_back(table[found->second]);
    table[found->second] = std::move(member);
  }
  std::erase_if(table, [&](const Member& member) { return tags_.is_reset(member.value); });
  base.value = std::move(table);
}

void ComposeMerge::value(Node& base, const Node& over, Level level) const {
  if (is_null(over)) return;
  if (is_null(base)) {
    base = without_resets(over);
  } else if (base.table() != nullptr) {
    members(base, over, level, nullptr);
  } else if (auto* list = std::get_if<Node::List>(&base.value)) {
    if (over.list() == nullptr) return refuse(base, over);
    const Node added = without_resets(over);
    list->insert(list->end(), added.list()->begin(), added.list()->end());
  } else {
    base = over;
  }
}

Node ComposeMerge::without_resets(Node node) const {
  if (auto* list = std::get_if<Node::List>(&node.value)) {
    std::erase_if(*list, [&](const Node& item) { return tags_.is_reset(item); });
    for (Node& item : *list) item = without_resets(std::move(item));
  } else if (auto* table = std::get_if<Node::Table>(&node.value)) {
    std::erase_if(*table, [&](const Member& member) { return tags_.is_reset(member.value); });
    for (Member& member : *table) member.value = without_resets(std::move(member.value));
  }
  return node;
}

void ComposeMerge::refuse(const Node& base, const Node& over) const {
  Diagnostic one = problem(
      "CMP003", over.span,
      fmt::format("this is a {} where the file below has a {}", type_name(over), type_name(base)),
      "write it in the same form, or put !override in front of it");
  one.related.push_back({base.span, "laid over this"});
  diagnostics_.push_back(std::move(one));
}

}  // namespace exai::config
