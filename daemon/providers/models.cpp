#include "daemon/providers/models.hpp"

#include "core/base/text.hpp"

namespace exai::providers {
namespace {

enum class Sampling { free, fixed };

struct Row {
  std::string_view provider;
  std::string_view id;
  std::int64_t context;
  std::int64_t max_output;
  Sampling sampling;
  Thinking thinking;
  std::string_view aliases;  // separated by blanks
};

constexpr std::int64_t k256 = 262'144;
constexpr std::int64_t k128 = 131'072;

// Newest first: that is the order of listmodels.
constexpr Row kRows[] = {
    {"kimi", "kimi-k3", 1'048'576, 1'048'576, Sampling::fixed, Thinking::effort, "kimi k3"},
    {"kimi", "kimi-k2.7-code", k256, k256, Sampling::fixed, Thinking::fixed, "kimi-code"},
    {"kimi", "kimi-k2.7-code-highspeed", k256, k256, Sampling::fixed, Thinking::fixed, ""},
    {"kimi", "kimi-k2.6", k256, k256, Sampling::fixed, Thinking::toggle, "kimi-k2 k2.6"},
    {"kimi", "kimi-k2.5", k256, k256, Sampling::fixed, Thinking::toggle, "k2.5"},
    {"kimi", "moonshot-v1-128k", k128, 8'192, Sampling::free, Thinking::fixed, "moonshot"},
    {"kimi", "moonshot-v1-32k", 32'768, 4'096, Sampling::free, Thinking::fixed, ""},
    {"kimi", "moonshot-v1-8k", 8'192, 2'048, Sampling::free, Thinking::fixed, ""},
    {"glm", "glm-5.3", 1'048'576, k128, Sampling::free, Thinking::effort, "glm"},
    {"glm", "glm-5.2", 1'000'000, k128, Sampling::free, Thinking::effort, ""},
    {"glm", "glm-5.1", 200'000, k128, Sampling::free, Thinking::toggle, ""},
    {"glm", "glm-5", 200'000, k128, Sampling::free, Thinking::toggle, ""},
    {"glm", "glm-5-turbo", 200'000, k128, Sampling::free, Thinking::toggle, ""},
    {"glm", "glm-4.7", 204'800, k128, Sampling::free, Thinking::toggle, ""},
    {"glm", "glm-4.7-flash", 200'000, k128, Sampling::free, Thinking::toggle, "glm-flash"},
    {"glm", "glm-4.6", 204'800, k128, Sampling::free, Thinking::toggle, ""},
    {"glm", "glm-4.5", k128, 98'304, Sampling::free, Thinking::toggle, ""},
    {"glm", "glm-4.5-air", k128, 98'304, Sampling::free, Thinking::toggle, "glm-4.5-x"},
};

}  // namespace

std::vector<Model> known_models(std::string_view provider) {
  std::vector<Model> models;
  for (const Row& row : kRows) {
    if (row.provider != provider) continue;
    Model model;
    model.id = row.id;
    model.context = row.context;
    model.max_output = row.max_output;
    model.fixed_sampling = row.sampling == Sampling::fixed;
    model.thinking = row.thinking;
    if (!row.aliases.empty()) model.aliases = split(row.aliases, ' ');
    models.push_back(std::move(model));
  }
  return models;
}

}  // namespace exai::providers
