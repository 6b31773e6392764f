#pragma once
// Services as `top` shows processes: one line each, what it takes of the machine in columns, and
// why it is not well. Pure.

#include <string>
#include <vector>

#include "cli/view.hpp"

namespace exai::cli {

// For the live view: state, age of the proof, what it takes, why it is in this state.
Table live_table(const std::vector<control::ServiceStatus>& services, WallTime now);

// What can be sorted by: cpu, memory, restarts, name.
std::vector<std::string> sort_orders();
// Services by what they take, the most first; by name, from A.
std::vector<control::ServiceStatus> sorted_by(const std::string& order,
                                              const control::StackStatus& status);

// For `exai top`.
Table top_table(const std::vector<control::ServiceStatus>& services);

}  // namespace exai::cli
