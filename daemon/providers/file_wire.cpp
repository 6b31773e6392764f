#include "daemon/providers/file_wire.hpp"

#include "core/base/text.hpp"
#include "core/base/url.hpp"

namespace exai::providers {
namespace {

// As browsers do: what would end the quoted name is written in percent signs.
std::string quoted(std::string name) {
  name = replace_all(std::move(name), "\"", "%22");
  name = replace_all(std::move(name), "\r", "%0D");
  return replace_all(std::move(name), "\n", "%0A");
}

// Ids come from the provider, and must be one segment of a path.
std::string path_of(const std::string& id) {
  return "/files/" + percent_encoded(id, "");
}

}  // namespace

WireRequest file_upload(std::string_view purpose, FileToSend file, const std::string& boundary) {
  WireRequest wire{"POST", "/files", "multipart/form-data; boundary=" + boundary, ""};
  wire.body.reserve(file.bytes.size() + 512);
  wire.body += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n{}\r\n",
                           boundary, purpose);
  wire.body += fmt::format(
      "--{}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n"
      "Content-Type: {}\r\n\r\n",
      boundary, quoted(std::move(file.name)), file.type);
  wire.body += file.bytes;
  wire.body += fmt::format("\r\n--{}--\r\n", boundary);
  return wire;
}

WireRequest file_content(const std::string& id) {
  return {"GET", path_of(id) + "/content"};
}

WireRequest file_removal(const std::string& id) {
  return {"DELETE", path_of(id)};
}

Outcome<std::string> uploaded_id(const std::string& body) {
  if (const auto object = parse_json_object(body))
    if (auto id = find_string(*object, "id"); id && !id->empty()) return *std::move(id);
  return tl::unexpected(
      ProviderError{Failure::server, "the file was taken, but no id was given", std::nullopt});
}

std::string text_in_content(std::string body) {
  if (const auto object = parse_json_object(body))
    if (auto text = find_string(*object, "content")) return *std::move(text);
  return body;
}

}  // namespace exai::providers
