#pragma once
// Everything that `exai doctor` looks at, as findings: configuration, engine, ports, processes,
// disk, dependencies, the MCP path. Looks only; changes nothing.
//
// Each section is a function from what was observed to findings, pure where it can be; examine()
// observes and calls them in order.

#include <optional>
#include <vector>

#include "cli/context.hpp"
#include "cli/engine.hpp"
#include "cli/ports.hpp"
#include "cli/probe.hpp"
#include "core/base/proc.hpp"
#include "core/config/config.hpp"
#include "core/control/diagnosis.hpp"

namespace exai::cli {

// What the socket and the snapshot say about the supervisor.
struct EngineFacts {
  std::optional<control::StackStatus> status;  // it answered
  std::optional<Error> silence;                // it listens, and does not answer
  bool socket_exists = false;
  std::vector<Survivor> survivors;  // when nobody answers
};

using control::Area;
using control::disk_findings;
using control::Finding;
using control::Findings;
using control::Level;
using control::Needs;

Findings configuration_findings(const config::Loaded& loaded, const std::string& stack_file);
Findings engine_findings(const EngineFacts& facts);
Findings port_findings(const std::vector<PortUse>& uses, const config::Stack& stack,
                       const EngineFacts& facts);
Findings check_findings(const std::vector<Probed>& results);

struct Examination {
  Findings findings;
  Needs needs;
};

// Nothing: Ctrl-C.
std::optional<Examination> examine(const Context& context, const Workspace& workspace);

// The report, section by section, and at its end the first cause with what to type.
std::string report_text(const Examination& examination, const Stream& out);
json::object report_json(const Examination& examination);

}  // namespace exai::cli
