// The bytes are two JSON texts with a NUL between them: any schema, over any document. The walk
// ends, stays within its bounds, and says at most what somebody may read.
#include <cstdint>
#include <cstdlib>

#include "core/config/json_tree.hpp"
#include "core/config/schema.hpp"

using namespace exai;
using namespace exai::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t nul = text.find('\0');
  if (nul == std::string::npos) return -1;
  const auto schema = Schema::parse(std::string_view(text).substr(0, nul));
  if (!schema) return 0;
  const auto source = std::make_shared<const Source>(Source{"fuzz.json", text.substr(nul + 1)});
  const JsonTree document = parse_json_tree(source, JsonStyle::with_comments);
  if (!document.root) return 0;
  for (const Nulls nulls : {Nulls::unknown, Nulls::values}) {
    SchemaUse use;
    use.nulls = nulls;
    use.notation = Notation::json;
    use.steps = 20'000;
    const Diagnostics found = check_schema(*schema, *document.root, use);
    if (found.size() > 101) std::abort();
    (void)render(found);
  }
  return 0;
}
