#include "cli/probe.hpp"

#include <algorithm>
#include <csignal>

#include "cli/engine.hpp"
#include "core/base/contains.hpp"
#include "core/base/proc.hpp"
#include "core/checks/check.hpp"
#include "core/workspace/environment.hpp"

namespace exai::cli {

std::optional<Secret> existing_secret(const Opened& opened, const std::string& variable) {
  const auto& generated = opened.stack->secrets;
  const bool to_be_made = std::any_of(generated.begin(), generated.end(),
                                      [&](const auto& s) { return s.name == variable; });
  std::error_code ignored;
  if (to_be_made && !std::filesystem::exists(opened.workspace.secrets() / variable, ignored)) {
    const auto set = opened.stack->variables.find(variable);
    if (set == opened.stack->variables.end() || set->second.value.empty()) return std::nullopt;
  }
  auto value = secret_value(opened.workspace, *opened.stack, variable);
  if (!value) return std::nullopt;
  return *std::move(value);
}

namespace {

struct Planned {
  config::Check check;
  checks::Subject subject;
};

checks::Subject subject_of(const Context& context, const Opened& opened,
                           const config::Service& service, const Pids& pids) {
  checks::Subject subject;
  const auto pid = pids.find(service.name);
  if (pid != pids.end()) subject.pid = pid->second;
  for (auto& [name, value] :
       environment_of(opened.workspace, *opened.stack, service, context.environment))
    subject.environment[name] = value;
  subject.environment[kCheckVariable] = "1";
  subject.working_directory = working_directory_of(*opened.stack, service).string();
  subject.secret = [opened](const std::string& variable) {
    return existing_secret(opened, variable);
  };
  return subject;
}

Task<> run_one(checks::Checker& checker, Planned planned, Probed& result) {
  config::Check check = std::move(planned.check);
  checks::Subject subject = std::move(planned.subject);
  checks::Observation seen = co_await checker.run(std::move(check), std::move(subject));
  result.ok = seen.ok;
  result.detail = std::move(seen.detail);
  result.took = seen.took;
}

Task<> cancel_on_interrupt(Signals& signals, TaskGroup& running, bool& interrupted) {
  const auto signal = co_await signals.next();
  if (!signal) co_return;
  interrupted = true;
  running.cancel();
}

// False: Ctrl-C came first; then every check has been ended.
Task<bool> run_all(Loop& loop, checks::Checker& checker, std::vector<Planned> planned,
                   std::vector<Probed>& results) {
  Signals signals(loop, {SIGINT});
  TaskGroup running(loop, Log());
  TaskGroup watching(loop, Log());
  bool interrupted = false;
  for (std::size_t i = 0; i < planned.size(); ++i)
    running.spawn(results[i].check, run_one(checker, std::move(planned[i]), results[i]));
  watching.spawn("interrupt", cancel_on_interrupt(signals, running, interrupted));
  co_await running.join();
  watching.cancel();
  co_await watching.join();
  co_return !interrupted;
}

}  // namespace

std::string_view name(Purpose purpose) {
  return purpose == Purpose::ready ? "ready" : "healthy";
}

Pids running_pids(const Workspace& workspace) {
  Pids pids;
  if (auto client = control::Client::connect(workspace.socket())) {
    if (const auto status = client->states())
      for (const control::ServiceStatus& service : status->services)
        if (service.pid > 0) pids[service.name] = service.pid;
    return pids;
  }
  for (const Survivor& survivor : survivors(workspace)) pids[survivor.service] = survivor.pid;
  return pids;
}

std::optional<std::vector<Probed>> run_checks(const Context& context, const Opened& opened,
                                              const std::vector<std::string>& services,
                                              const Pids& pids) {
  std::vector<Planned> planned;
  std::vector<Probed> results;
  const auto plan = [&](const config::Service& service, Purpose purpose,
                        const Boxed<config::Check>& check) {
    if (!check) return;
    planned.push_back({*check, subject_of(context, opened, service, pids)});
    const bool mcp = check->kind == "mcp";
    results.push_back({service.name, purpose, describe(*check), mcp, false, "", Duration{}});
  };
  for (const config::Service& service : opened.stack->services) {
    const bool named = contains(services, service.name);
    if (!services.empty() && !named) continue;
    plan(service, Purpose::ready, service.ready);
    plan(service, Purpose::healthy, service.healthy);
  }
  if (planned.empty()) return results;
  Loop loop;
  SystemClock clock;
  HttpClient http(loop);
  checks::Checker checker(loop, clock, http);
  const bool finished = loop.run_until_done(run_all(loop, checker, std::move(planned), results));
  if (!finished) return std::nullopt;
  return results;
}

json::object to_json(const std::vector<Probed>& results) {
  json::array checks;
  bool ok = true;
  for (const Probed& result : results) {
    ok = ok && result.ok;
    checks.push_back(json::object{{"service", result.service},
                                  {"purpose", name(result.purpose)},
                                  {"check", result.check},
                                  {"ok", result.ok},
                                  {"detail", result.detail},
                                  {"took_ms", result.took.count()}});
  }
  return {{"ok", ok}, {"checks", std::move(checks)}};
}

}  // namespace exai::cli
