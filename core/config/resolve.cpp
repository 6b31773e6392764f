#include "core/config/resolve.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/option_values.hpp"
#include "core/config/places.hpp"
#include "core/config/stack_tree.hpp"

namespace exai::config {

namespace {

std::optional<std::string> get(const std::map<std::string, std::string>& map,
                               std::string_view name) {
  const auto found = map.find(std::string(name));
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

constexpr std::size_t kMostProblems = 100;

class Resolver {
 public:
  Resolver(const Node& tree, const LoadRequest& request, const Facilities& world,
           const OptionTable& options)
      : tree_(tree),
        request_(request),
        world_(world),
        options_(options),
        folder_(request.stack_file.parent_path()) {}

  Resolved run() && {
    collect_names();
    const Node* environment = choose_environment();
    if (environment != nullptr) open_store(*environment);
    assign_defaults();
    if (environment != nullptr) read_layers(*environment);
    for (Stored& one : stored_) assign(one.name, std::move(one.origin), {});
    assign_credentials();
    assign_process_environment();
    assign_ours();
    result_.tree = tree_;
    for (Member& member : std::get<Node::Table>(result_.tree.value))
      if (member.key == "services" && member.value.table() != nullptr)
        for (Member& service : std::get<Node::Table>(member.value.value)) fill_in(service);
    return std::move(result_);
  }

 private:
  void collect_names() {
    result_.names.options = &options_;
    if (const Node* stack = tree_.find("stack"))
      if (const Node* declared = stack->find("variables"); declared && declared->list())
        for (const Node& name : *declared->list())
          if (name.string() != nullptr) result_.names.declared.emplace(*name.string(), name.span);
    for (const Member& secret : members(tree_, "secrets"))
      result_.names.secrets.emplace(secret.key, secret.key_span);
  }

  // --env, EXAI_ENV, [stack] environment, "dev". Returns: its table; nothing when there is none.
  const Node* choose_environment() {
    Span place;
    const Node* stack = tree_.find("stack");
    const Node* preset = stack == nullptr ? nullptr : stack->find("environment");
    const auto from_process = get(request_.process_environment, "EXAI_ENV");
    if (request_.environment) {
      result_.environment = *request_.environment;
    } else if (from_process && !from_process->empty()) {
      result_.environment = *from_process;
    } else if (preset != nullptr && preset->string() != nullptr) {
      result_.environment = *preset->string();
      place = preset->span;
    } else {
      result_.environment = "dev";
    }
    const Node::Table& all = members(tree_, "environments");
    for (const Member& member : all) result_.environments.push_back(member.key);
    if (all.empty() && result_.environment == "dev") return nullptr;
    std::vector<std::string> names;
    for (const Member& member : all) {
      if (member.key == result_.environment) {
        const Node* strict = member.value.find("strict");
        result_.strict = strict != nullptr && strict->boolean() != nullptr && *strict->boolean();
        return &member.value;
      }
      names.push_back(member.key);
    }
    const auto meant = closest(result_.environment, names);
    result_.diagnostics.push_back(
        problem("CFG005", place,
                fmt::format("there is no environment \"{}\"", printable(result_.environment)),
                meant ? fmt::format("did you mean \"{}\"?", *meant)
                : names.empty()
                    ? fmt::format("the stack file has no [environments.{}]", result_.environment)
                    : "the stack file has " + join(names, ", ")));
    return nullptr;
  }

  // Before the layers are read: what is in the store is a secret there too.
  void open_store(const Node& environment) {
    const Node* named = environment.find("secrets");
    if (named == nullptr || named->string() == nullptr || named->string()->empty()) return;
    result_.secret_store = (folder_ / *named->string()).lexically_normal();
    const auto values = world_.secrets(result_.secret_store);
    if (!values) return refused_store(*named, values.error().message());
    for (const auto& [name, value] : *values) {
      result_.names.stored.insert(result_.names.canonical(name));
      stored_.push_back({name, {*named->string(), named->span, std::string(value.reveal())}});
    }
  }

  void refused_store(const Node& named, std::string_view why) {
    const std::size_t semicolon = why.find("; ");
    const bool has_help = semicolon != why.npos;
    result_.diagnostics.push_back(
        problem("CFG022", named.span,
                fmt::format("the secrets in {} cannot be read: {}", *named.string(),
                            why.substr(0, semicolon)),
                has_help ? std::string(why.substr(semicolon + 2)) : "exai secret check says more"));
  }

  void assign_credentials() {
    if (!request_.credentials_fault.empty()) {
      Diagnostic& one = result_.diagnostics.emplace_back(problem(
          "CFG022", {}, "$CREDENTIALS_DIRECTORY cannot be read: " + request_.credentials_fault,
          "make it readable for this user, or unset it; without it, the store and the layers say "
          "what secrets are"));
      one.severity = Severity::warning;
    }
    for (const auto& [name, value] : request_.credentials) {
      if (!result_.names.is_known(name) || result_.names.is_given_by_exai(name)) continue;
      assign(name, {std::string(kCredentials), {}, std::string(value.reveal())}, {});
      result_.variables[result_.names.canonical(name)].secret = true;
    }
  }

  // --- variables, from the weakest to the strongest ---

  void assign(std::string_view written, Origin origin, Span key_span) {
    const std::string name = result_.names.canonical(written);
    if (result_.names.secrets.contains(name) && origin.value.empty())
      return;  // then it is generated
    Variable& variable = result_.variables[name];
    variable.value = origin.value;
    variable.secret = result_.names.is_secret(name);
    variable.origins.insert(variable.origins.begin(), origin);
    if (origin.layer != "default")
      result_.assignments.push_back(
          {std::string(written), name, std::move(origin), std::move(key_span)});
  }

  void assign_defaults() {
    for (const Option& option : options_.options())
      if (auto preset = option.default_for(result_.environment))
        assign(option.name, {"default", {}, *std::move(preset)}, {});
  }

  void read_layers(const Node& environment) {
    const Node* layers = environment.find("layers");
    if (layers == nullptr || layers->list() == nullptr) return;
    for (const Node& layer : *layers->list())
      if (layer.string() != nullptr) read_layer(*layer.string(), layer.span);
  }

  void read_layer(std::string name, const Span& named_at) {
    const bool optional = name.ends_with('?');
    if (optional) name.pop_back();
    auto text = world_.read(folder_ / name);
    if (!text) {
      if (!optional || text.error().code() != Errc::not_found)
        missing_file(name, text.error(), named_at, "or end it with \"?\" when it may be missing");
      return;
    }
    result_.files.push_back(name);
    // Not const until the secrets in it are hidden.
    const auto source = std::make_shared<Source>(Source{name, std::move(*text), folder_ / name});
    const Lookup environment_of_process = [this](std::string_view wanted) {
      return get(request_.process_environment, wanted);
    };
    const Lookup earlier = [this](std::string_view wanted) { return variable(wanted); };
    Dotenv file = parse_dotenv(source, environment_of_process, earlier);
    std::move(file.diagnostics.begin(), file.diagnostics.end(),
              std::back_inserter(result_.diagnostics));
    for (const DotenvEntry& entry : file.entries)
      if (entry.value && !entry.key.empty() && !entry.is_comment_as_value())
        assign(entry.key, {name, entry.value_span, *entry.value}, entry.key_span);
    hide_secrets(*source, file.entries, result_.names);
    result_.layers.push_back({source, named_at, std::move(file.entries)});
  }

  void missing_file(const std::string& name, const Error& error, const Span& place,
                    std::string_view otherwise) {
    const bool absent = error.code() == Errc::not_found;
    Diagnostic missing =
        problem("CFG022", place,
                absent ? fmt::format("there is no file {}", name)
                       : fmt::format("cannot read {}: {}", name, error.message()),
                fmt::format("paths start at the folder of the stack file; make the file{}{}",
                            otherwise.empty() ? "" : ", ", otherwise));
    missing.subject = name;
    if (!otherwise.empty() && missing_layer_.empty()) missing_layer_ = as_cause(missing);
    result_.diagnostics.push_back(std::move(missing));
  }

  // Why a name is probably not set: its line in a layer cannot be read, or a whole layer.
  std::string why_unset(std::string_view name) const {
    for (const Layer& layer : result_.layers)
      for (const DotenvEntry& entry : layer.entries)
        if (entry.style == DotenvEntry::Style::faulty && entry.key == name)
          for (const Diagnostic& one : result_.diagnostics)
            if (one.span.source == layer.source && one.span.begin.line == entry.key_span.begin.line)
              return as_cause(one);
    return missing_layer_;
  }

  void assign_process_environment() {
    const std::string layer(kProcessEnvironment);
    const auto take = [&](const std::string& name) {
      if (result_.names.is_given_by_exai(name)) return;
      if (auto value = get(request_.process_environment, name))
        assign(name, {layer, {}, *value}, {});
    };
    for (const Option& option : options_.options()) {
      for (const OptionAlias& alias : option.aliases) take(alias.name);
      take(option.name);
    }
    const auto take_new = [&](const auto& names) {
      for (const auto& [name, span] : names)
        if (options_.find(name) == nullptr) take(name);
    };
    take_new(result_.names.declared);
    take_new(result_.names.secrets);
    for (const std::string& name : result_.names.stored)
      if (options_.find(name) == nullptr && !result_.names.secrets.contains(name) &&
          !result_.names.declared.contains(name))
        take(name);
  }

  // Options that say what the stack file says already.
  void assign_ours() {
    const Node* stack = tree_.find("stack");
    const Node* timezone = stack == nullptr ? nullptr : stack->find("timezone");
    if (timezone != nullptr && timezone->string() != nullptr && options_.find("TZ") != nullptr)
      assign("TZ", {"stack file", timezone->span, *timezone->string()}, {});
    if (options_.find("EXAI_ENV") != nullptr)
      assign("EXAI_ENV", {"environment", {}, result_.environment}, {});
  }

  std::optional<std::string> variable(std::string_view name) const {
    const auto found = result_.variables.find(result_.names.canonical(name));
    return found == result_.variables.end() ? std::nullopt : std::optional(found->second.value);
  }

  bool has_wrong_value(std::string_view name) const {
    const Option* option = options_.find(name);
    return option != nullptr && check_value(*option, variable(name).value_or("")).has_value();
  }

  // --- references in services ---

  // Which replica it is, is known when it is made.
  bool has_replicas(const std::string& service) const {
    const Node* found = services_node(service);
    return found != nullptr && found->find("replicas") != nullptr;
  }
  const Node* services_node(const std::string& service) const {
    for (const Member& member : services(tree_))
      if (member.key == service) return &member.value;
    return nullptr;
  }

  std::optional<std::string> built_in(std::string_view name, const std::string& service) const {
    if (name == "EXAI_SERVICE") return service;
    if (name == "EXAI_SERVICE_DIR") return (request_.run_folder / service).string();
    if (name == "EXAI_REPLICA" && has_replicas(service)) return std::string(kReplicaReference);
    if (name == "EXAI_STACK_DIR") return folder_.string();
    if (name == "EXAI_STATE_DIR") return request_.state_folder.string();
    if (name == "EXAI_ENV") return result_.environment;
    const Node* stack = tree_.find("stack");
    if (name == "EXAI_STACK" && stack != nullptr) return text_or(*stack, "name", "");
    if (name == "TZ" && stack != nullptr) return text_or(*stack, "timezone", kDefaultTimezone);
    return std::nullopt;
  }

  std::optional<std::string> lookup(std::string_view name, const std::string& service) const {
    if (auto value = built_in(name, service)) return value;
    if (auto value = variable(name)) return value;
    return get(request_.process_environment, name);
  }

  void fill_in(Member& service) {
    fill_in(service.value, service.key, "services." + service.key);
    for (const Member& render : members(service.value, "render"))
      if (render.value.string() != nullptr)
        read_template(service.key, render.key, *render.value.string(), render.value.span);
  }

  void fill_in(Node& node, const std::string& service, const std::string& path) {
    if (auto* list = std::get_if<Node::List>(&node.value)) {
      for (std::size_t i = 0; i < list->size(); ++i)
        fill_in((*list)[i], service, fmt::format("{}[{}]", path, i));
    } else if (auto* table = std::get_if<Node::Table>(&node.value)) {
      for (Member& member : *table) fill_in(member.value, service, path + "." + member.key);
    } else if (node.string() != nullptr && node.string()->find('$') != std::string::npos) {
      fill_in_text(node, service, path);
    }
  }

  void fill_in_text(Node& node, const std::string& service, const std::string& path) {
    std::vector<std::string> leaked;
    bool wrong = false;  // a value that is reported where it is set
    const std::string text = *node.string();
    Interpolated expanded = expand(text, [&](std::string_view name) -> std::optional<std::string> {
      wrong = wrong || has_wrong_value(name);
      if (!result_.names.is_secret(result_.names.canonical(name))) return lookup(name, service);
      leaked.emplace_back(name);
      return "secret";
    });
    for (const std::string& name : leaked) {
      if (result_.diagnostics.size() >= kMostProblems) break;
      Span place = narrow(node.span, "${" + name);
      if (place.begin == node.span.begin) place = narrow(node.span, "$" + name);
      result_.diagnostics.push_back(problem(
          "SEC003", place, fmt::format("{} is a secret; {} would show it to everybody", name, path),
          fmt::format("list it in the service's secrets and read the file that {}_FILE "
                      "names, or use it in a rendered template",
                      name)));
    }
    report(expanded, [&](std::size_t begin, std::size_t end) {
      return narrow(node.span, std::string_view(text).substr(begin, end - begin));
    });
    const bool failed = wrong || !leaked.empty() || !expanded.unset.empty() || expanded.fault;
    if (failed)
      node.value = std::monostate();
    else
      node.value = std::move(expanded.text);
  }

  std::string how_to_set(const std::string& name) const {
    if (result_.names.is_secret(name))
      return fmt::format(
          "set it in the environment, or have it generated: [secrets.{}] generate = 32", name);
    const auto meant = result_.names.suggestion(name);
    if (meant && *meant != name) return fmt::format("did you mean {}?", *meant);
    return fmt::format("set it in a layer of {}, or write ${{{}:-default}}", result_.environment,
                       name);
  }

  template <class Place>
  void report(const Interpolated& expanded, const Place& place) {
    for (const UnsetReference& unset : expanded.unset) {
      if (result_.diagnostics.size() >= kMostProblems) return;  // nobody reads on
      Diagnostic one = problem("ENV018", place(unset.begin, unset.end),
                               fmt::format("{} is not set", unset.name), how_to_set(unset.name));
      one.subject = unset.name;
      one.cause = why_unset(unset.name);
      result_.diagnostics.push_back(std::move(one));
    }
    if (!expanded.fault) return;
    const bool required = expanded.fault->kind == InterpolationFault::Kind::required;
    result_.diagnostics.push_back(
        problem(required ? "ENV018" : "ENV003", place(expanded.fault->begin, expanded.fault->end),
                expanded.fault->message, required ? "" : "a plain dollar is written $$"));
  }

  void read_template(const std::string& service, const std::string& file, const std::string& name,
                     const Span& named_at) {
    auto text = world_.read(folder_ / name);
    if (!text) return missing_file(name, text.error(), named_at, "");
    result_.files.push_back(name);
    const auto source =
        std::make_shared<const Source>(Source{name, std::move(*text), folder_ / name});
    // Generated secrets have their value only when the service starts.
    const Interpolated expanded =
        expand(source->text, [&](std::string_view wanted) -> std::optional<std::string> {
          if (auto value = lookup(wanted, service)) return value;
          if (result_.names.secrets.contains(wanted)) return "generated";
          return std::nullopt;
        });
    Places places(source);
    report(expanded, [&](std::size_t begin, std::size_t end) { return places.span(begin, end); });
    result_.templates.push_back({service, file, folder_ / name, source->text});
  }

  const Node& tree_;
  const LoadRequest& request_;
  const Facilities& world_;
  const OptionTable& options_;
  struct Stored {
    std::string name;
    Origin origin;
  };

  Path folder_;
  std::string missing_layer_;  // the first one, as a cause
  std::vector<Stored> stored_;
  Resolved result_;
};

}  // namespace

Resolved resolve(const Node& tree, const LoadRequest& request, const Facilities& world,
                 const OptionTable& options) {
  return Resolver(tree, request, world, options).run();
}

}  // namespace exai::config
