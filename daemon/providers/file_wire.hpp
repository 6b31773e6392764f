#pragma once
// The wire side of the files API that Kimi and GLM share, pure: requests, and what answers mean.

#include <string>

#include "daemon/providers/provider.hpp"

namespace exai::providers {

struct WireRequest {
  std::string method;
  std::string path;  // behind the base URL
  std::string content_type = {};
  std::string body = {};
};

// POST /files, multipart/form-data. `boundary` must not be in the file: random bytes in hex.
WireRequest file_upload(std::string_view purpose, FileToSend file, const std::string& boundary);
WireRequest file_content(const std::string& id);
WireRequest file_removal(const std::string& id);

// {"id": "…", …}. Errors: server, no id.
Outcome<std::string> uploaded_id(const std::string& body);
// {"content": "…"}, or the text itself.
std::string text_in_content(std::string body);

}  // namespace exai::providers
