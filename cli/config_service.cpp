// exai config show --service: the environment that one service gets, each name with whoever gave
// it.
#include <algorithm>

#include "cli/config_view.hpp"
#include "cli/table.hpp"
#include "core/base/text.hpp"
#include "core/config/compose.hpp"
#include "core/config/secrecy.hpp"

namespace exai::cli {

namespace {

using config::ComposeService;
using config::ComposeVariable;
using config::EffectiveVariable;

constexpr std::string_view kSecret = "(secret)";

std::string from(const ComposeVariable& variable) {
  const config::Span& place = variable.value_span ? variable.value_span : variable.name_span;
  const std::string where =
      place ? fmt::format("{}:{}", place.source->name, place.begin.line) : variable.file;
  switch (variable.origin) {
    case ComposeVariable::Origin::environment:
      return variable.inherited ? where + ", from the shell" : where;
    case ComposeVariable::Origin::env_file:
      return where;
    case ComposeVariable::Origin::image:
      return where + ", in the image";
  }
  return where;
}

// As it may be shown.
std::string value_of(const ComposeVariable& variable) {
  if (!variable.value) return "";
  const bool secret = config::sounds_secret(variable.name) && !variable.value->empty();
  return secret ? std::string(kSecret) : config::conceal(*variable.value);
}

}  // namespace

std::string render_environment(const ComposeService& service, int width, Colours colours) {
  Table table{{{"NAME"}, {"VALUE"}, {"FROM"}}, {}, 1};
  for (const EffectiveVariable& variable : config::effective_environment(service)) {
    const ComposeVariable& winner = variable.winner();
    Row row{{Cell(variable.name, Tone::strong), winner.value ? Cell(value_of(winner)) : Cell("–"),
             Cell(from(winner), Tone::dim)}};
    for (std::size_t i = 1; i < variable.chain.size(); ++i)
      row.notes.emplace_back(
          fmt::format("shadows {} from {}", value_of(variable.chain[i]), from(variable.chain[i])),
          Tone::dim);
    table.rows.push_back(std::move(row));
  }
  return layout(table, width, colours);
}

json::object environment_json(const ComposeService& service) {
  json::object variables;
  for (const EffectiveVariable& variable : config::effective_environment(service)) {
    json::array chain;
    for (const ComposeVariable& one : variable.chain)
      chain.push_back(json::object{
          {"value", one.value ? json::value(value_of(one)) : json::value()}, {"from", from(one)}});
    variables[variable.name] =
        json::object{{"value", variable.winner().value ? json::value(value_of(variable.winner()))
                                                       : json::value()},
                     {"from", from(variable.winner())},
                     {"chain", std::move(chain)}};
  }
  return {{"service", service.name}, {"environment", std::move(variables)}};
}

GivenVariables environment_in_stack(const Workspace& workspace, const config::Stack& stack,
                                    const config::Service& service, const Environment& own) {
  GivenVariables all = given_to(workspace, stack, service, own);
  const Path folder = workspace.service_run(service.name) / kDelivered;
  const std::string from = fmt::format("services.{}.secrets", service.name);
  for (const std::string& name : service.secrets) {
    if (service.delivery == config::Delivery::environment) {
      all[name] = {std::string(kSecret), from};
    } else if (service.delivery == config::Delivery::memfd) {
      all[name + "_FILE"] = {"/proc/self/fd/…", from};
    } else {
      all[name + "_FILE"] = {(folder / name).string(), from};
      all["CREDENTIALS_DIRECTORY"] = {folder.string(), from};
    }
  }
  return all;
}

std::string render_environment(const GivenVariables& variables, int width, Colours colours) {
  Table table{{{"NAME"}, {"VALUE"}, {"FROM"}}, {}, 1};
  for (const auto& [name, given] : variables)
    table.rows.push_back({{Cell(name, Tone::strong), Cell(config::conceal(given.value)),
                           Cell(given.from, Tone::dim)}});
  return layout(table, width, colours);
}

json::object environment_json(const std::string& service, const GivenVariables& variables) {
  json::object all;
  for (const auto& [name, given] : variables) {
    const std::string value = config::conceal(given.value);
    all[name] =
        json::object{{"value", value},
                     {"from", given.from},
                     {"chain", json::array{json::object{{"value", value}, {"from", given.from}}}}};
  }
  return {{"service", service}, {"environment", std::move(all)}};
}

}  // namespace exai::cli
