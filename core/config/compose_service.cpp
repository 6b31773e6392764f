#include "core/config/compose_service.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/compose_nodes.hpp"
#include "core/config/compose_parts.hpp"
#include "core/config/yaml_scalar.hpp"

namespace exai::config {

namespace {

class ServiceBuilder {
 public:
  ServiceBuilder(const ComposeDraft& draft, const ComposeContext& context)
      : draft_(draft), context_(context), node_(draft.node) {
    service_.name = draft.name;
    service_.span = draft.span;
    service_.node = draft.node;
    service_.extends = draft.extends;
  }

  ComposeService run() && {
    read_texts();
    read_build();
    read_environment();
    read_files("env_file", service_.env_files);
    read_ports();
    read_mounts();
    read_depends_on();
    read_networks();
    read_healthcheck();
    read_limits();
    read_logging();
    service_.secrets = grants("secrets", "/run/secrets/");
    service_.configs = grants("configs", "/");
    for (const Member& label : as_table_of("labels"))
      service_.labels[label.key] = {scalar_text(label.value), label.value.span};
    read_files("label_file", service_.label_files);
    return std::move(service_);
  }

 private:
  Node::Table as_table_of(std::string_view key) const {
    const Node* node = node_.find(key);
    return node == nullptr ? Node::Table{} : as_table(*node);
  }

  void refuse(const Span& span, std::string message, std::string help) {
    Diagnostic one = problem("CMP003", span, std::move(message), std::move(help));
    one.subject = "services." + service_.name;
    context_.diagnostics.push_back(std::move(one));
  }

  void read_texts() {
    const auto text = [&](std::string_view key) { return text_of(node_.find(key)); };
    service_.image = text("image");
    service_.restart = text("restart");
    service_.container_name = text("container_name");
    service_.hostname = text("hostname");
    service_.user = text("user");
    service_.network_mode = text("network_mode");
    service_.stop_signal = text("stop_signal");
    service_.command = command_of(node_.find("command"));
    service_.entrypoint = command_of(node_.find("entrypoint"));
    service_.profiles = texts_of(node_.find("profiles"));
    service_.tmpfs = texts_of(node_.find("tmpfs"));
    service_.cap_add = texts_of(node_.find("cap_add"));
    service_.cap_drop = texts_of(node_.find("cap_drop"));
    service_.security_opt = texts_of(node_.find("security_opt"));
    service_.read_only = flag("read_only");
    service_.privileged = flag("privileged");
    service_.init = flag("init");
    service_.stop_grace_period = duration(node_, "stop_grace_period");
    for (const PlacedText& expose : texts_of(node_.find("expose")))
      if (const auto range =
              parse_port_range(std::string_view(expose.value).substr(0, expose.value.find('/'))))
        service_.expose.push_back({*range, expose.span});
  }

  std::optional<Placed<bool>> flag(std::string_view key) const {
    const Node* node = node_.find(key);
    if (node == nullptr) return std::nullopt;
    const auto value = bool_of(*node);
    if (!value) return std::nullopt;
    return Placed<bool>{*value, node->span};
  }

  std::optional<Placed<Duration>> duration(const Node& owner, std::string_view key) {
    const Node* node = owner.find(key);
    const auto text = text_of(node);
    // Anything but text is reported by the schema.
    if (!text || text->value.empty() || node->string() == nullptr) return std::nullopt;
    if (const auto value = parse_compose_duration(text->value))
      return Placed<Duration>{*value, text->span};
    refuse(text->span, fmt::format("{} is no duration: \"{}\"", key, printable(text->value)),
           "write a number with a unit, such as 30s or 1m30s");
    return std::nullopt;
  }

  std::optional<Placed<std::uint64_t>> size(const Node& owner, std::string_view key) {
    const auto text = text_of(owner.find(key));
    if (!text || text->value.empty()) return std::nullopt;
    if (const auto value = parse_compose_size(text->value))
      return Placed<std::uint64_t>{*value, text->span};
    if (text->value == "-1") return std::nullopt;  // memswap_limit and the like: no limit
    refuse(text->span, fmt::format("{} is no size: \"{}\"", key, printable(text->value)),
           "write a number with a unit, such as 512m or 2g");
    return std::nullopt;
  }

  std::optional<Placed<std::int64_t>> integer(const Node& owner, std::string_view key) const {
    const auto text = text_of(owner.find(key));
    if (!text) return std::nullopt;
    const auto value = parse_integer(text->value);
    if (!value) return std::nullopt;
    return Placed<std::int64_t>{*value, text->span};
  }

  static bool is_remote(std::string_view context) {
    return context.find("://") != context.npos || context.starts_with("git@") ||
           context.starts_with("github.com/");
  }

  void read_build() {
    const Member* member = node_.member("build");
    if (member == nullptr || is_null(member->value)) return;
    const Node& node = member->value;
    ComposeBuild build;
    build.span = member->key_span;
    const Node* context = node.table() != nullptr ? node.find("context") : &node;
    const auto written = text_of(context);
    build.context = written.value_or(PlacedText{".", {}});
    if (!is_remote(build.context.value))
      build.folder = context_.absolute(written ? written->span : node.span, build.context.value);
    const auto dockerfile = text_of(node.find("dockerfile"));
    build.dockerfile = dockerfile.value_or(PlacedText{"Dockerfile", {}});
    if (!build.folder.empty())
      build.file = (build.folder / build.dockerfile.value).lexically_normal();
    build.inline_dockerfile = node.find("dockerfile_inline") != nullptr;
    build.target = text_of(node, "target");
    if (const Node* arguments = node.find("args"))
      for (const Member& argument : as_table(*arguments)) {
        const auto inherited = context_.environment.find(argument.key);
        if (!is_null(argument.value))
          build.arguments[argument.key] = {scalar_text(argument.value), argument.value.span};
        else if (inherited)
          build.arguments[argument.key] = {inherited->value, argument.key_span};
      }
    service_.build = std::move(build);
  }

  void read_environment() {
    for (const Member& member : draft_.overridden) add_variable(member);
    for (const Member& member : as_table_of("environment")) add_variable(member);
  }

  void add_variable(const Member& member) {
    ComposeVariable variable;
    variable.name = member.key;
    variable.name_span = member.key_span;
    variable.value_span = member.value.span;
    variable.inherited = is_null(member.value);
    if (!variable.inherited) {
      variable.value = scalar_text(member.value);
    } else if (const auto found = context_.environment.find(member.key)) {
      variable.value = found->value;
    }
    service_.environment.push_back(std::move(variable));
  }

  // One, or a list of them.
  void read_files(std::string_view key, std::vector<ComposeEnvFile>& files) {
    const Node* node = node_.find(key);
    if (node == nullptr) return;
    if (is_scalar(*node)) add_file(*node, files);
    if (const Node::List* list = node->list())
      for (const Node& item : *list) add_file(item, files);
  }

  void add_file(const Node& node, std::vector<ComposeEnvFile>& files) {
    const auto path = text_of(node.table() != nullptr ? node.find("path") : &node);
    if (!path || path->value.empty()) return;
    ComposeEnvFile file;
    file.path = path->value;
    file.file = context_.absolute(path->span, path->value);
    file.span = path->span;
    if (const Node* required = node.find("required"))
      file.required = bool_of(*required).value_or(true);
    file.raw = text_of(node, "format") == "raw";
    files.push_back(std::move(file));
  }

  void read_ports() {
    const Node* node = node_.find("ports");
    if (node == nullptr || node->list() == nullptr) return;
    for (const Node& item : *node->list()) {
      if (item.table() != nullptr) {
        add_long_port(item);
      } else if (const auto text = text_of(&item); text && !text->value.empty()) {
        if (auto port = parse_compose_port(text->value, text->span))
          service_.ports.push_back(std::move(*port));
        else
          refuse(item.span, fmt::format("this is no port: \"{}\"", printable(text->value)),
                 "write \"host:container\", such as \"8080:80\" or \"127.0.0.1:8080:80/tcp\"");
      }
    }
  }

  void add_long_port(const Node& node) {
    ComposePort port;
    port.span = port.host_span = node.span;
    const auto target = text_of(node.find("target"));
    const auto range = target ? parse_port_range(target->value) : std::nullopt;
    if (!range) return;  // the schema says what is wrong
    port.container = *range;
    port.container_span = target->span;
    if (const auto published = text_of(node.find("published"));
        published && !published->value.empty()) {
      port.host = parse_port_range(published->value);
      port.host_span = published->span;
      if (!port.host)
        refuse(published->span, fmt::format("this is no port: \"{}\"", printable(published->value)),
               "write a number, or a range such as \"8000-8010\"");
    }
    port.host_ip = text_of(node, "host_ip");
    port.mode = text_of(node, "mode");
    if (const std::string protocol = text_of(node, "protocol"); !protocol.empty())
      port.protocol = protocol;
    service_.ports.push_back(std::move(port));
  }

  void read_mounts() {
    const Node* node = node_.find("volumes");
    if (node == nullptr || node->list() == nullptr) return;
    for (const Node& item : *node->list()) {
      std::optional<ComposeMount> mount;
      if (item.table() != nullptr) {
        mount = long_mount(item);
      } else if (const auto text = text_of(&item); text && !text->value.empty()) {
        mount = parse_compose_mount(text->value, text->span);
        if (!mount)
          refuse(item.span, fmt::format("this is no mount: \"{}\"", printable(text->value)),
                 "write \"source:target\" or \"source:target:ro\"");
      }
      if (!mount) continue;
      if (mount->type == "bind") mount->host_path = context_.absolute(item.span, mount->source);
      service_.volumes.push_back(std::move(*mount));
    }
  }

  void read_depends_on() {
    const Node* node = node_.find("depends_on");
    if (node == nullptr) return;
    for (const PlacedText& name : texts_of(node)) {
      ComposeDependency dependency;
      dependency.service = name.value;
      dependency.short_form = true;
      dependency.span = dependency.condition_span = name.span;
      service_.depends_on.push_back(std::move(dependency));
    }
    if (const Node::Table* table = node->table())
      for (const Member& member : *table) service_.depends_on.push_back(long_dependency(member));
  }

  void read_networks() {
    const Node* node = node_.find("networks");
    if (node != nullptr) service_.networks = texts_of(node);
    if (const Node::Table* table = node == nullptr ? nullptr : node->table())
      for (const Member& member : *table)
        service_.networks.push_back({member.key, member.key_span});
    if (service_.networks.empty() && !service_.network_mode)
      service_.networks.push_back({"default", {}});
  }

  void read_healthcheck() {
    const Member* member = node_.member("healthcheck");
    if (member == nullptr || member->value.table() == nullptr) return;
    const Node& node = member->value;
    ComposeHealthcheck check;
    check.span = check.test_span = member->key_span;
    if (const Node* test = node.find("test"); test != nullptr && !is_null(*test)) {
      check.test_span = test->span;
      if (const auto text = text_of(test)) check.test = {"CMD-SHELL", text->value};
      if (test->list() != nullptr)
        for (PlacedText& word : texts_of(test)) check.test.push_back(std::move(word.value));
    }
    const Node* disable = node.find("disable");
    check.disabled = (disable != nullptr && bool_of(*disable).value_or(false)) ||
                     (!check.test.empty() && check.test[0] == "NONE");
    check.interval = duration(node, "interval");
    check.timeout = duration(node, "timeout");
    check.start_period = duration(node, "start_period");
    check.start_interval = duration(node, "start_interval");
    check.retries = integer(node, "retries");
    service_.healthcheck = std::move(check);
  }

  void read_limits() {
    const Node none;
    const auto below = [&](const Node& node, std::string_view key) -> const Node& {
      const Node* found = node.find(key);
      return found == nullptr ? none : *found;
    };
    const Node& deploy = below(node_, "deploy");
    const Node& limits = below(below(deploy, "resources"), "limits");
    const Node& reservations = below(below(deploy, "resources"), "reservations");
    ComposeLimits& result = service_.limits;
    result.memory = size(limits, "memory");
    if (!result.memory) result.memory = size(node_, "mem_limit");
    result.reservation = size(reservations, "memory");
    if (!result.reservation) result.reservation = size(node_, "mem_reservation");
    for (const Node* owner : {&node_, &limits})
      if (const auto cpus = text_of(owner->find("cpus")))
        if (const auto number = parse_number(cpus->value))
          result.cpus = Placed<double>{*number, cpus->span};
    result.pids = integer(limits, "pids");
    if (!result.pids) result.pids = integer(node_, "pids_limit");
    service_.restart_policy = text_of(below(deploy, "restart_policy").find("condition"));
    const auto replicas = integer(deploy, "replicas");
    service_.replicas = replicas ? replicas->value : 1;
    if (const auto scale = integer(node_, "scale")) service_.replicas = scale->value;
  }

  void read_logging() {
    const Member* member = node_.member("logging");
    if (member == nullptr || member->value.table() == nullptr) return;
    ComposeLogging logging;
    logging.span = member->key_span;
    logging.driver = text_of(member->value.find("driver")).value_or(PlacedText{});
    if (const Node* options = member->value.find("options"))
      for (const Member& option : as_table(*options))
        logging.options[option.key] = {scalar_text(option.value), option.value.span};
    service_.logging = std::move(logging);
  }

  std::vector<ComposeGrant> grants(std::string_view key, const std::string& folder) const {
    std::vector<ComposeGrant> all;
    const Node* node = node_.find(key);
    if (node == nullptr || node->list() == nullptr) return all;
    for (const Node& item : *node->list()) {
      ComposeGrant grant;
      grant.span = item.span;
      if (const auto name = text_of(&item)) grant.source = name->value;
      if (const auto source = text_of(item.find("source"))) {
        grant.source = source->value;
        grant.span = source->span;
      }
      grant.target = text_of(item, "target");
      if (grant.target.empty()) grant.target = folder + grant.source;
      for (const std::string_view owner : {"mode", "gid", "uid"})
        if (const Member* member = item.member(owner)) grant.ownership_span = member->key_span;
      if (!grant.source.empty()) all.push_back(std::move(grant));
    }
    return all;
  }

  const ComposeDraft& draft_;
  const ComposeContext& context_;
  const Node& node_;
  ComposeService service_;
};

}  // namespace

ComposeService build_service(const ComposeDraft& draft, const ComposeContext& context) {
  return ServiceBuilder(draft, context).run();
}

ComposeResource build_resource(const Member& member, const ComposeContext& context) {
  ComposeResource resource;
  resource.name = member.key;
  resource.span = member.key_span;
  resource.node = member.value;
  if (const Node* external = member.value.find("external"))
    resource.external = external->table() != nullptr || bool_of(*external).value_or(false);
  resource.real_name = text_of(member.value.find("name"));
  resource.driver = text_of(member.value.find("driver"));
  resource.environment = text_of(member.value.find("environment"));
  resource.file = text_of(member.value.find("file"));
  if (resource.file) resource.path = context.absolute(resource.file->span, resource.file->value);
  return resource;
}

}  // namespace exai::config
