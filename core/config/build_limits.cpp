#include "core/config/build_limits.hpp"

#include <array>

#include "core/base/text.hpp"
#include "core/config/formats.hpp"

namespace exai::config {

namespace {

constexpr std::array<std::string_view, 7> kResources = {
    "open_files", "processes", "core", "file_size", "address_space", "stack", "locked_memory"};

// A number, a size, or "unlimited".
std::optional<std::uint64_t> amount_of(const Node* node) {
  if (node == nullptr) return std::nullopt;
  if (const auto* number = node->integer()) return static_cast<std::uint64_t>(*number);
  const std::string* text = node->string();
  return text == nullptr ? std::nullopt : parse_limit(*text);
}

std::optional<double> number_of(const Node* node) {
  if (node == nullptr) return std::nullopt;
  if (const auto* whole = node->integer()) return static_cast<double>(*whole);
  const double* number = std::get_if<double>(&node->value);
  return number == nullptr ? std::nullopt : std::optional(*number);
}

}  // namespace

Boxed<Limits> build_limits(const Node& service) {
  const Node* table = service.find("limits");
  if (table == nullptr) return std::nullopt;
  Limits limits;
  for (const std::string_view name : kResources)
    if (const auto amount = amount_of(table->find(name)))
      limits.resources[std::string(name)] = *amount;
  limits.memory = amount_of(table->find("memory"));
  limits.cpu = number_of(table->find("cpu"));
  limits.tasks = amount_of(table->find("tasks"));
  if (const auto score = number_of(table->find("oom_score_adj")))
    limits.oom_score = static_cast<int>(*score);
  const Node* processors = table->find("processors");
  if (processors != nullptr && processors->list() != nullptr)
    for (const Node& processor : *processors->list())
      if (processor.integer() != nullptr)
        limits.processors.push_back(static_cast<int>(*processor.integer()));
  return limits;
}

}  // namespace exai::config
