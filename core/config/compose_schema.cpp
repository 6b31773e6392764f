#include "core/config/compose_schema.hpp"

#include "core/base/error.hpp"
#include "core/config/schema.hpp"
#include "embedded/compose_schema.hpp"

namespace exai::config {

namespace {

const Schema& compose_schema() {
  static const Schema schema = [] {
    auto compiled = Schema::parse(embedded::compose_schema);
    EXAI_ASSERT(compiled);
    return std::move(*compiled);
  }();
  return schema;
}

}  // namespace

void check_compose_schema(const Node& tree, const Yaml& yaml, Nulls nulls,
                          Diagnostics& diagnostics) {
  SchemaUse use;
  use.nulls = nulls;
  use.notation = Notation::yaml;
  for (Diagnostic& found : check_schema(compose_schema(), tree, use)) {
    const auto tag = yaml.tags.find(found.span.begin);
    if (tag != yaml.tags.end() && tag->second == "!reset") continue;
    if (found.code == "CFG001" && found.help.starts_with("known here"))
      found.help += "; keys of your own begin with \"x-\"";
    // Compose drops what a list has twice; it refuses everything else.
    found.severity = found.code == "CFG021" ? Severity::warning : Severity::error;
    found.code = "CMP003";
    if (const auto anchor = yaml.anchors.find(found.span.begin); anchor != yaml.anchors.end())
      found.related.push_back({anchor->second, "the alias stands for this"});
    diagnostics.push_back(std::move(found));
  }
}

}  // namespace exai::config
