#include "daemon/providers/file_wire.hpp"

#include "core/base/text.hpp"

namespace exai::providers {
namespace {

// As browsers do: what would end the quoted name is written in percent signs.
std::string quoted(std::string name) {
  name = replace_all(std::move(name), "\"", "%22");
  name = replace_all(std::move(name), "\r", "%0D");
  return replace_all(std::move(name), "\n", "%0A");
}

// Ids come from the provider, and go into a path.
std::string as_segment(const std::string& id) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
  std::string segment;
  for (const char c : id)
    if (kPlain.find(c) != std::string_view::npos)
      segment += c;
    else
      segment += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return segment;
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
  return {"GET", "/files/" + as_segment(id) + "/content"};
}

WireRequest file_removal(const std::string& id) {
  return {"DELETE", "/files/" + as_segment(id)};
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
