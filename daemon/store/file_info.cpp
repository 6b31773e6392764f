// The pure part of files.hpp.
#include <algorithm>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "daemon/store/files.hpp"
#include "daemon/store/sha256.hpp"

namespace exai::store {
namespace {

constexpr std::size_t kIdLength = 32;
constexpr std::size_t kLongestName = 200;  // bytes; what is put behind it must fit, too

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// Text may be cut anywhere: the code point at its end need not be whole.
bool begins_as_text(std::string_view head) {
  if (head.find('\0') != std::string_view::npos) return false;
  for (std::size_t cut = 0; cut < 4 && cut <= head.size(); ++cut)
    if (is_utf8(head.substr(0, head.size() - cut))) return true;
  return false;
}

Result<WallTime> time_in(const json::object& object, std::string_view key) {
  const auto time = parse_utc(find_string(object, key).value_or(""));
  if (!time) return fail(Errc::invalid, "{} is no time", key);
  return *time;
}

}  // namespace

bool is_file_id(std::string_view text) {
  return text.size() == kIdLength && std::ranges::all_of(text, is_hex);
}

std::string file_id(std::string_view owner, std::string_view sha256) {
  if (owner.empty()) return std::string(sha256.substr(0, kIdLength));
  Sha256 sum;
  sum.add(owner);
  sum.add("\n");
  sum.add(sha256);
  return sum.hex().substr(0, kIdLength);
}

bool may_see(std::string_view caller, const FileInfo& info) {
  return info.owner.empty() || info.owner == caller;
}

std::string wrong_with_name(std::string_view name) {
  if (name.empty()) return "a file needs a name";
  if (name.size() > kLongestName) return fmt::format("it has more than {} bytes", kLongestName);
  if (name == "." || name == "..") return "it names a folder";
  if (name.find('/') != std::string_view::npos) return "it has a slash";
  if (printable(name) != name) return "it has characters that cannot be shown";
  return "";
}

std::string_view type_of(std::string_view head) {
  if (head.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (head.starts_with("GIF87a") || head.starts_with("GIF89a")) return "image/gif";
  if (head.starts_with("RIFF") && head.substr(0, 12).ends_with("WEBP")) return "image/webp";
  if (head.starts_with("%PDF-")) return "application/pdf";
  if (head.starts_with("PK\x03\x04")) return "application/zip";  // and what office programs write
  return begins_as_text(head) ? "text/plain" : "application/octet-stream";
}

std::string text_of(const FileInfo& info) {
  json::object uploads;
  for (const auto& [provider, id] : info.uploads) uploads[provider] = id;
  json::object object{{"id", info.id},
                      {"name", info.name},
                      {"type", info.type},
                      {"size", info.size},
                      {"sha256", info.sha256},
                      {"created", format_utc(info.created)},
                      {"expires", format_utc(info.expires)},
                      {"uploads", std::move(uploads)}};
  if (!info.owner.empty()) object["owner"] = info.owner;
  return to_text(object);
}

Result<FileInfo> parse_file_info(std::string_view text) {
  TRY(object, parse_json_object(text));
  FileInfo info;
  info.id = find_string(object, "id").value_or("");
  info.name = find_string(object, "name").value_or("");
  info.type = find_string(object, "type").value_or("");
  info.size = static_cast<std::uint64_t>(find_integer(object, "size").value_or(0));
  info.sha256 = find_string(object, "sha256").value_or("");
  info.owner = find_string(object, "owner").value_or("");
  TRY(created, time_in(object, "created"));
  TRY(expires, time_in(object, "expires"));
  info.created = created;
  info.expires = expires;
  if (!is_file_id(info.id) || info.id != file_id(info.owner, info.sha256))
    return fail(Errc::invalid, "its id is not that of its content");
  if (const json::object* uploads = find_object(object, "uploads"))
    for (const auto& one : *uploads)
      if (one.value().is_string())
        info.uploads[std::string(one.key())] = std::string(one.value().get_string());
  return info;
}

}  // namespace exai::store
