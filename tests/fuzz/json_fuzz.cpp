// Any bytes are a JSON file, right or wrong, in both styles. What is taken, others take too; what
// is refused has a place.
#include <cstdint>
#include <cstdlib>

#include "core/base/json.hpp"
#include "core/config/json_tree.hpp"

using namespace exai;
using namespace exai::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto source = std::make_shared<const Source>(Source{"fuzz.json", text});
  const JsonTree strict = parse_json_tree(source, JsonStyle::strict);
  const JsonTree relaxed = parse_json_tree(source, JsonStyle::with_comments);
  for (const JsonTree* tree : {&strict, &relaxed}) {
    if (!tree->root && tree->diagnostics.empty()) std::abort();
    for (const Diagnostic& one : tree->diagnostics)
      if (!one.span) std::abort();
    (void)render(tree->diagnostics);
  }
  if (strict.root && !relaxed.root) std::abort();
  const bool marked = text.starts_with("\xEF\xBB\xBF");
  if (strict.root && !parse_json(std::string_view(text).substr(marked ? 3 : 0))) std::abort();
  return 0;
}
