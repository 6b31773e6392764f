// Any bytes are YAML: a tree, or messages; never neither. Every place of the tree lies inside the
// text and goes forward.
#include <cstdint>
#include <cstdlib>

#include "core/config/places.hpp"
#include "core/config/yaml.hpp"
#include "core/config/yaml_scalar.hpp"

using namespace exai;
using namespace exai::config;

namespace {

void check(const Span& span, std::uint32_t lines) {
  if (!span || span.end < span.begin || span.end.line > lines || span.begin.column == 0)
    std::abort();
}

void walk(const Node& node, std::uint32_t lines) {
  check(node.span, lines);
  (void)scalar_text(node);
  if (const Node::List* list = node.list())
    for (const Node& item : *list) walk(item, lines);
  if (const Node::Table* table = node.table())
    for (const Member& member : *table) {
      check(member.key_span, lines);
      walk(member.value, lines);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto source = std::make_shared<const Source>(
      Source{"fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size)});
  const Yaml yaml = parse_yaml(source);
  if (!yaml.root && yaml.diagnostics.empty()) std::abort();
  const auto lines = Places(source).at(source->text.size()).line;
  if (yaml.root) walk(*yaml.root, lines);
  for (const Diagnostic& one : yaml.diagnostics) {
    if (one.message.empty()) std::abort();
    check(one.span, lines);
  }
  (void)render(yaml.diagnostics);
  return 0;
}
