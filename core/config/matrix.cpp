#include "core/config/matrix.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::config {

namespace {

constexpr std::string_view kSecret = "(secret)";
constexpr std::string_view kGenerated = "(generated)";

// "env/dev.env:3", else the layer's own name.
std::string from(const Origin& origin) {
  if (!origin.span) return origin.layer;
  return fmt::format("{}:{}", origin.span.source->name, origin.span.begin.line);
}

ShownValue shown(const Origin& origin, bool secret) {
  const bool hide = secret && !origin.value.empty();
  return {hide ? std::string(kSecret) : origin.value, from(origin), true};
}

bool is_generated(const Resolved& resolved, const std::string& name) {
  return resolved.names.secrets.contains(name);
}

bool agree(const MatrixRow& row) {
  return std::all_of(row.values.begin(), row.values.end(), [&](const ShownValue& one) {
    const ShownValue& first = row.values.front();
    if (one.text != first.text || one.is_set != first.is_set) return false;
    return !row.secret || one.text != kSecret || one.from == first.from;
  });
}

MatrixRow row_of(std::span<const Resolved* const> environments, const std::string& name,
                 const Option* option) {
  MatrixRow row;
  row.name = name;
  row.group = option == nullptr ? "stack" : option->group;
  row.unit = option == nullptr ? "" : option->unit;
  for (const Resolved* one : environments) {
    row.values.push_back(shown_value(*one, name));
    row.secret = row.secret || one->names.is_secret(name);
  }
  row.same = agree(row);
  return row;
}

}  // namespace

ShownValue shown_value(const Resolved& resolved, const std::string& name) {
  const auto found = resolved.variables.find(name);
  if (found != resolved.variables.end() && !found->second.origins.empty())
    return shown(found->second.origins.front(), found->second.secret);
  if (is_generated(resolved, name)) return {std::string(kGenerated), "first up", true};
  return {};
}

Matrix make_matrix(std::span<const Resolved* const> environments) {
  Matrix matrix;
  if (environments.empty()) return matrix;
  for (const Resolved* one : environments) matrix.environments.push_back(one->environment);
  const Names& names = environments.front()->names;
  for (const Option& option : names.options->options())
    matrix.rows.push_back(row_of(environments, option.name, &option));
  std::set<std::string> own;
  for (const auto& [name, span] : names.declared) own.insert(name);
  for (const auto& [name, span] : names.secrets) own.insert(name);
  for (const std::string& name : own)
    if (names.options->find(name) == nullptr)
      matrix.rows.push_back(row_of(environments, name, nullptr));
  return matrix;
}

Result<Explanation> explain(const Resolved& resolved, std::string_view name) {
  if (!resolved.names.is_known(name) && !resolved.names.is_given_by_exai(name)) {
    const auto meant = resolved.names.suggestion(name);
    return fail(Errc::not_found, "there is no variable \"{}\"{}", printable(name),
                meant ? fmt::format("; did you mean \"{}\"?", *meant) : "");
  }
  Explanation story;
  story.name = resolved.names.canonical(name);
  story.option = resolved.names.options->find(name);
  story.secret = resolved.names.is_secret(story.name);
  const auto found = resolved.variables.find(story.name);
  if (found != resolved.variables.end()) {
    for (const Origin& origin : found->second.origins) {
      const ShownValue value = shown(origin, story.secret);
      story.chain.push_back({value.text, value.from, "", story.chain.empty()});
    }
  }
  for (const Assignment& assignment : resolved.assignments)
    if (assignment.name == story.name && assignment.written != story.name)
      for (Say& say : story.chain)
        if (say.from == from(assignment.origin)) say.written = assignment.written;
  story.generated = story.chain.empty() && is_generated(resolved, story.name);
  return story;
}

}  // namespace exai::config
