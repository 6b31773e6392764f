#pragma once
// What the supervisor's own words say is wrong, and the first cause of it: what `exai doctor` and
// the tool stack_doctor share. Pure.

#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/proc.hpp"
#include "core/control/control.hpp"
#include "core/control/first_cause.hpp"

namespace exai::control {

using Findings = std::vector<Finding>;

// Why the service is not simply ready: what it waits for, what its check says, what killed it.
// Empty: nothing to say.
std::string reason_text(const ServiceStatus& service);

// Failed, between two attempts, on its way back from a crash, or running with a health check that
// says no. A service that crashes again and again is in trouble whenever one looks.
bool in_trouble(const ServiceStatus& service);

// One for each service, and one more for each that was restarted.
Findings process_findings(const StackStatus& status, WallTime now);
Findings disk_findings(const std::string& folder, const DiskSpace& space);
Needs needs_of(const StackStatus& status);

// {"ok","first_cause":{…}|null,"findings":[{"area","level","service","message","fix"}]}; the first
// cause also has "explains", the services whose trouble follows from it.
json::object report_json(const Findings& findings, const Needs& needs);

}  // namespace exai::control
