#pragma once
// Tools of the system before this one that there are not any more, not even under another name.
// Names that still work are in the tools' own descriptions: earlier_names.

#include <string_view>

namespace exai::tools {

struct RetiredTool {
  std::string_view name;
  std::string_view advice;
};

inline constexpr RetiredTool kRetiredTools[] = {
    {"kimi_manage_files", "use file_list and file_delete; what has expired is deleted by itself"},
    {"kimi_upload_files", "use file_upload, with provider kimi to send the file at once"},
    {"glm_upload_file", "use file_upload with provider glm"},
    {"kimi_multi_file_chat", "use chat with file_ids"},
    {"kimi_chat_with_files", "use chat with file_ids"},
    {"kimi_capture_headers",
     "exaid sends no headers about a cache; what came from the provider's cache is in "
     "usage.cached_tokens of every answer"},
};

}  // namespace exai::tools
