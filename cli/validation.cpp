#include "cli/validation.hpp"

#include <algorithm>
#include <set>

#include "core/base/text.hpp"

namespace exai::cli {

namespace {

std::size_t count(const config::Loaded& loaded, config::Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                    [&](const config::Diagnostic& d) { return d.severity == severity; }));
}

// What was read besides the stack file and the templates of the services.
std::size_t layers_of(const config::Loaded& loaded) {
  std::set<config::Path> others = {loaded.stack->file};
  for (const config::Service& service : loaded.stack->services)
    for (const auto& [file, service_template] : service.render) others.insert(service_template);
  return loaded.files.size() - std::min(loaded.files.size(), others.size());
}

}  // namespace

std::string validation_summary(const config::Loaded& loaded, const std::string& stack_file) {
  const std::size_t errors = count(loaded, config::Severity::error);
  const std::size_t warnings = count(loaded, config::Severity::warning);
  std::string text;
  if (!loaded.files.empty()) text = fmt::format("read {}\n", join(loaded.files, ", "));
  if (errors > 0 || !loaded.stack) {
    text += fmt::format("{} is not valid: {}, {}\n", stack_file, count_of(errors, "error"),
                        count_of(warnings, "warning"));
    return text;
  }
  return text + fmt::format("{} is valid: {}, {}, {}\n", stack_file,
                            count_of(loaded.stack->services.size(), "service"),
                            count_of(layers_of(loaded), "layer"),
                            warnings > 0 ? count_of(warnings, "warning") : "0 problems");
}

json::object validation_json(const config::Loaded& loaded) {
  const std::size_t errors = count(loaded, config::Severity::error);
  json::array files;
  for (const std::string& path : loaded.files) files.push_back(json::object{{"path", path}});
  json::array diagnostics;
  for (const config::Diagnostic& diagnostic : loaded.diagnostics)
    diagnostics.push_back(config::to_json(diagnostic));
  return {{"valid", errors == 0 && loaded.stack != nullptr},
          {"errors", errors},
          {"warnings", count(loaded, config::Severity::warning)},
          {"files", std::move(files)},
          {"diagnostics", std::move(diagnostics)}};
}

}  // namespace exai::cli
