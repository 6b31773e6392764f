#include "cli/diagnose.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "cli/view.hpp"
#include "core/base/text.hpp"
#include "core/base/version.hpp"

namespace exai::cli {

namespace {

Finding good(Area area, std::string service, std::string message) {
  return {area, Level::ok, std::move(service), std::move(message), ""};
}

std::string place_of(const config::Diagnostic& diagnostic) {
  if (!diagnostic.span) return "";
  return fmt::format("{}:{}:{}: ", diagnostic.span.source->name, diagnostic.span.begin.line,
                     diagnostic.span.begin.column);
}

Finding state_folder_finding(const Workspace& workspace) {
  struct stat info {};
  const std::string folder = workspace.state.string();
  if (::stat(folder.c_str(), &info) != 0)
    return {Area::engine, Level::note, "", fmt::format("no state folder yet: {}", folder), ""};
  if (info.st_uid != ::geteuid())
    return {
        Area::engine, Level::bad, "",
        fmt::format("the state folder {} belongs to another user (uid {})", folder, info.st_uid),
        fmt::format("sudo chown -R $(id -u) {}", folder)};
  if ((info.st_mode & 0077U) != 0)
    return {Area::engine, Level::bad, "",
            fmt::format("the state folder {} is open to others, and it holds secrets", folder),
            fmt::format("chmod 700 {}", folder)};
  return good(Area::engine, "", fmt::format("state folder {}, private", folder));
}

Finding supervisor_program_finding(const Environment& environment) {
  const auto program = find_program("exai-supervisor", program_search_path(environment));
  if (program) return good(Area::engine, "", "exai-supervisor is " + program->string());
  return {Area::engine, Level::bad, "", "exai-supervisor is neither beside exai nor in PATH",
          "make up"};
}

EngineFacts engine_facts(const Workspace& workspace) {
  EngineFacts facts;
  std::error_code ignored;
  facts.socket_exists = std::filesystem::exists(workspace.socket(), ignored);
  auto client = control::Client::connect(workspace.socket());
  if (client) {
    auto status = client->states();
    if (status)
      facts.status = *std::move(status);
    else
      facts.silence = status.error();
    return facts;
  }
  if (client.error().code() != Errc::unavailable)
    facts.silence = client.error();
  else
    facts.survivors = survivors(workspace);
  return facts;
}

Pids pids_of(const EngineFacts& facts) {
  Pids pids;
  if (facts.status)
    for (const control::ServiceStatus& service : facts.status->services)
      if (service.pid > 0) pids[service.name] = service.pid;
  for (const Survivor& survivor : facts.survivors) pids[survivor.service] = survivor.pid;
  return pids;
}

void add(Findings& all, Findings more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

bool is_ready(const EngineFacts& facts, const std::string& name) {
  const control::ServiceStatus* service =
      facts.status ? find_service(*facts.status, name) : nullptr;
  return service && service->state == control::State::ready;
}

}  // namespace

Findings configuration_findings(const config::Loaded& loaded, const std::string& stack_file) {
  Findings findings;
  for (const config::Diagnostic& diagnostic : loaded.diagnostics) {
    const bool error = diagnostic.severity == config::Severity::error;
    findings.push_back(
        {Area::configuration, error ? Level::bad : Level::note, "",
         fmt::format("{}{} [{}]", place_of(diagnostic), diagnostic.message, diagnostic.code),
         error ? "exai validate" : diagnostic.help});
  }
  if (findings.empty())
    findings.push_back(good(Area::configuration, "", stack_file + " and its layers are valid"));
  return findings;
}

Findings engine_findings(const EngineFacts& facts) {
  if (facts.status) {
    const control::StackStatus& status = *facts.status;
    Findings findings = {
        good(Area::engine, "",
             fmt::format("supervisor {} answers (pid {})", status.version, status.supervisor_pid))};
    if (status.version != kVersion)
      findings.push_back(
          {Area::engine, Level::note, "",
           fmt::format("the supervisor is version {}, exai is {}", status.version, kVersion),
           "exai down && exai up"});
    return findings;
  }
  if (facts.silence)
    return {{Area::engine, Level::bad, "",
             "the supervisor does not answer: " + facts.silence->message(),
             "exai logs supervisor"}};
  if (!facts.survivors.empty())
    return {{Area::engine, Level::bad, "",
             fmt::format("the supervisor is dead; without it run {}", names_of(facts.survivors)),
             "exai up"}};
  if (facts.socket_exists)
    return {{Area::engine, Level::bad, "",
             "the supervisor is dead and left its socket behind; no service runs", "exai up"}};
  return {{Area::engine, Level::bad, "", "the stack is not running", "exai up"}};
}

Findings port_findings(const std::vector<PortUse>& uses, const config::Stack& stack,
                       const EngineFacts& facts) {
  Findings findings;
  for (const PortUse& use : uses) {
    const std::string what =
        fmt::format("port {} ({} {})", use.port.number, use.service, use.port.name);
    if (use.owner == Owner::stranger) {
      findings.push_back(
          {Area::ports, Level::bad, use.service, conflict_text(use), conflict_fix(use, stack)});
    } else if (use.owner == Owner::ours) {
      findings.push_back(
          good(Area::ports, use.service,
               fmt::format("{}: {} (pid {}) listens on {}", what, use.listener.program,
                           use.listener.pid, use.listener.address)));
    } else if (is_ready(facts, use.service)) {
      // A symptom of the service, not a cause of its own: it stands among the processes.
      findings.push_back({Area::processes, Level::bad, use.service,
                          what + ": nobody listens, though the service is ready",
                          "exai logs " + use.service});
    } else {
      findings.push_back({Area::ports, Level::note, use.service, what + ": free", ""});
    }
  }
  return findings;
}

Findings check_findings(const std::vector<Probed>& results) {
  Findings findings;
  for (const Probed& result : results) {
    const Area area = result.mcp ? Area::mcp : Area::dependencies;
    const std::string message =
        fmt::format("{} {}: {}: {} ({})", result.service, name(result.purpose), result.check,
                    result.detail, format_duration(result.took));
    if (result.ok)
      findings.push_back(good(area, result.service, message));
    else
      findings.push_back(
          {area, Level::bad, result.service, message, "exai logs " + result.service});
  }
  return findings;
}

std::optional<Examination> examine(const Context& context, const Workspace& workspace) {
  Examination result;
  Findings& findings = result.findings;
  const config::Loaded loaded = load_stack(context, workspace);
  const EngineFacts facts = engine_facts(workspace);
  const Pids pids = pids_of(facts);
  add(findings, configuration_findings(loaded, workspace.stack_file.filename().string()));
  findings.push_back(supervisor_program_finding(context.environment));
  findings.push_back(state_folder_finding(workspace));
  add(findings, engine_findings(facts));
  if (facts.status) result.needs = control::needs_of(*facts.status);

  Path existing = workspace.state;  // the folder may not be there yet; its disk is
  std::error_code ignored;
  while (!std::filesystem::exists(existing, ignored) && existing.has_relative_path())
    existing = existing.parent_path();
  if (const auto space = disk_space(existing.string()))
    add(findings, disk_findings(existing.string(), *space));

  if (loaded.stack) {
    const Opened opened{workspace, loaded.stack};
    set_timezone(loaded.stack->timezone);
    std::vector<pid_t> ours;
    for (const auto& [service, pid] : pids) ours.push_back(pid);
    add(findings, port_findings(port_uses(*loaded.stack, ours), *loaded.stack, facts));
    if (facts.status && facts.status->fingerprint != loaded.stack->fingerprint)
      findings.push_back({Area::configuration, Level::note, "",
                          "the configuration has changed since this stack was started",
                          "exai reload"});
    for (const config::Service& service : loaded.stack->services)
      for (const config::Need& need : service.needs)
        result.needs[service.name].push_back(need.service);
    // Whatever answers in place of a service that does not run, it is not the service.
    std::vector<std::string> running;
    for (const config::Service& service : loaded.stack->services) {
      if (pids.contains(service.name))
        running.push_back(service.name);
      else
        findings.push_back({Area::dependencies, Level::note, service.name,
                            service.name + ": not checked, it does not run", ""});
    }
    if (!running.empty()) {
      const auto checked = run_checks(context, opened, running, pids);
      if (!checked) return std::nullopt;
      add(findings, check_findings(*checked));
    }
  }
  if (facts.status)
    add(findings, control::process_findings(*facts.status, std::chrono::system_clock::now()));
  const auto by_area = [](const Finding& a, const Finding& b) { return a.area < b.area; };
  std::stable_sort(findings.begin(), findings.end(), by_area);
  return result;
}

std::string report_text(const Examination& examination, const Stream& out) {
  std::string text;
  std::optional<Area> section;
  for (const Finding& finding : examination.findings) {
    if (finding.area != section) {
      text +=
          fmt::format("{}{}\n", section ? "\n" : "", out.paint(Tone::strong, name(finding.area)));
      section = finding.area;
    }
    const Tone tone = finding.level == Level::ok     ? Tone::good
                      : finding.level == Level::note ? Tone::warn
                                                     : Tone::bad;
    const std::string mark = finding.level == Level::bad ? "BAD" : std::string(name(finding.level));
    text += fmt::format("  {}{}  {}\n", out.paint(tone, mark), std::string(4 - mark.size(), ' '),
                        printable(finding.message));
    if (!finding.fix.empty() && finding.level != Level::ok)
      text += fmt::format("        {}\n", out.paint(Tone::dim, finding.fix));
  }
  const auto cause = first_cause(examination.findings, examination.needs);
  if (!cause) return text + "\n" + out.paint(Tone::good, "all is well") + "\n";
  const Finding& first = examination.findings[cause->finding];
  text += fmt::format("\n{} {}\n", out.paint(Tone::bad, "first cause:"), printable(first.message));
  if (!cause->explains.empty())
    text += fmt::format("it explains: {}\n", join(cause->explains, ", "));
  text += fmt::format("type: {}\n", first.fix);
  if (!cause->unexplained.empty())
    text += fmt::format("then run exai doctor again: {} not follow from it\n",
                        count_of(cause->unexplained.size(), "problem does", "problems do"));
  return text;
}

json::object report_json(const Examination& examination) {
  return control::report_json(examination.findings, examination.needs);
}

}  // namespace exai::cli
