#include "supervisor/service/delivery.hpp"

#include "core/base/proc.hpp"
#include "core/workspace/environment.hpp"
#include "supervisor/service/credentials.hpp"

namespace exai::service {

namespace {

// A file, and NAME_FILE.
Result<> deliver_file(const Path& folder, const std::string& name, const Secret& value,
                      Environment& environment) {
  if (auto made = make_private_directory(folder); !made) return made;
  if (auto kept = replace_file(folder / name, value.reveal(), 0400); !kept) return kept;
  environment[name + "_FILE"] = (folder / name).string();
  environment["CREDENTIALS_DIRECTORY"] = folder.string();
  return {};
}

Result<> deliver_memory(const std::string& name, const Secret& value, SpawnSpec& spec) {
  TRY(fd, sealed_memory(name, value.reveal()));
  spec.environment[name + "_FILE"] = fmt::format("/proc/self/fd/{}", 3 + spec.inherited.size());
  spec.inherited.push_back(std::move(fd));
  return {};
}

Result<> deliver_secret(const Path& folder, const config::Service& service, const std::string& name,
                        const Secret& value, SpawnSpec& spec) {
  if (service.delivery == config::Delivery::file)
    return deliver_file(folder, name, value, spec.environment);
  if (service.delivery == config::Delivery::memfd) return deliver_memory(name, value, spec);
  spec.environment[name] = std::string(value.reveal());
  return {};
}

// The secrets that have a value; the others are left out.
Result<> deliver_secrets(const Workspace& workspace, const config::Stack& stack,
                         const config::Service& service, SpawnSpec& spec, Redactor& redactor) {
  const Path folder = workspace.service_run(service.name) / kDelivered;
  std::error_code error;
  std::filesystem::remove_all(folder, error);  // of an earlier start: what it had may have gone
  for (const std::string& name : service.secrets) {
    const auto value = secret_value(workspace, stack, name);
    if (!value && value.error().code() != Errc::not_found)
      return fail(value.error().within("the secret " + name));
    if (!value || value->empty()) continue;
    redactor.add(name, *value);
    if (auto done = deliver_secret(folder, service, name, *value, spec); !done) return done;
  }
  return {};
}

Result<> render(const Workspace& workspace, const config::Stack& stack,
                const config::Service& service) {
  const Environment built_in = built_in_names(workspace, stack, service);
  const auto look_up = [&](std::string_view name) -> std::optional<std::string> {
    if (const auto found = built_in.find(name); found != built_in.end()) return found->second;
    const std::string key(name);
    if (const auto own = service.environment.find(key); own != service.environment.end())
      return own->second;
    if (const auto value = secret_value(workspace, stack, key)) return std::string(value->reveal());
    const auto variable = stack.variables.find(key);
    if (variable == stack.variables.end()) return std::nullopt;
    return variable->second.value;
  };
  for (const auto& [file, template_file] : service.render) {
    const std::string doing = "rendering " + template_file.string();
    const auto text = read_file(template_file);
    if (!text) return fail(text.error().within(doing));
    const auto rendered = config::interpolate(*text, look_up);
    if (!rendered) return fail(rendered.error().within(doing));
    const Path target = workspace.service_run(service.name) / file;
    if (auto made = make_private_directory(target.parent_path()); !made) return made;
    if (auto kept = replace_file(target, *rendered, 0600); !kept) return kept;
  }
  return {};
}

// Where a relative program starts from: the folder the service runs in.
Result<std::string> program_of(const std::vector<std::string>& command, const Path& folder,
                               const Environment& environment) {
  if (command.empty()) return fail(Errc::invalid, "the service has no command");
  const std::string& name = command.front();
  const bool relative = name.find('/') != std::string::npos && !name.starts_with('/');
  const std::string& search = environment.at("PATH");
  const auto found = find_program(relative ? (folder / name).string() : name, search);
  if (found) return found->string();
  return fail(Errc::not_found, "command not found: {} (looked in {})", name,
              name.find('/') == std::string::npos ? search : folder.string());
}

}  // namespace

std::string mark_of(const Workspace& workspace, const std::string& service) {
  return "EXAI_SERVICE_DIR=" + workspace.service_run(service).string();
}

Result<SpawnSpec> deliver(const Workspace& workspace, const config::Stack& stack,
                          const config::Service& service, const Environment& own,
                          Redactor& redactor) {
  if (auto made = make_private_directory(workspace.service_run(service.name)); !made)
    return fail(std::move(made).error());
  SpawnSpec spec;
  spec.environment = environment_of(workspace, stack, service, own);
  spec.working_directory = working_directory_of(stack, service);
  if (auto done = deliver_secrets(workspace, stack, service, spec, redactor); !done)
    return fail(std::move(done).error());
  if (auto done = render(workspace, stack, service); !done) return fail(std::move(done).error());
  if (auto done = run_as(service, spec); !done) return fail(std::move(done).error());
  TRY(program, program_of(service.command, spec.working_directory, spec.environment));
  spec.command = service.command;
  spec.command.front() = std::move(program);
  return spec;
}

Result<Secret> delivered_value(const Workspace& workspace, const config::Stack& stack,
                               const std::string& service, const std::string& name) {
  auto delivered = read_private_file(workspace.service_run(service) / kDelivered / name);
  if (delivered) return delivered;
  return secret_value(workspace, stack, name);
}

std::string port_conflict(const config::Service& service) {
  std::vector<std::uint16_t> numbers;
  for (const config::PortBinding& port : service.ports) numbers.push_back(port.number);
  const std::vector<Listener> listeners = listeners_on(numbers);
  for (const config::PortBinding& port : service.ports) {
    for (const Listener& listener : listeners) {
      // A listener on one outside address leaves ours free.
      const bool ours = listener.address == "*" || listener.address == "::1" ||
                        listener.address.starts_with("127.");
      if (listener.port != port.number || !ours) continue;
      const std::string owner = listener.pid == 0
                                    ? "a process of another user"
                                    : fmt::format("pid {} ({})", listener.pid, listener.program);
      return fmt::format("port {} ({}) is taken by {}", port.number, port.name, owner);
    }
  }
  return {};
}

}  // namespace exai::service
