#pragma once
// JSON text → Node, with the place of every key and value. A reader of its own, because places and
// good words for what is wrong are the point; programs that only want values use base/json.hpp.
//
// Strict (RFC 8259), or with what editors allow in their own files: // and /* */ comments and a
// comma behind the last item. A BOM is skipped. Stops at the first fault, which is CFG023. A key
// that is there twice is CFG021; the later value counts, as it does for those who read the file.
// Never throws. Limits: 1 MiB, nested 64 deep. A number beyond 64 bits is a floating-point one.

#include <optional>

#include "core/config/diagnostics.hpp"

namespace exai::config {

enum class JsonStyle { strict, with_comments };

struct JsonTree {
  std::optional<Node> root;  // none when there is a CFG023
  Diagnostics diagnostics;
};

JsonTree parse_json_tree(const SourcePtr& source, JsonStyle style);

}  // namespace exai::config
