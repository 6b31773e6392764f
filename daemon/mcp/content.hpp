#pragma once
// The items that tool results, prompts and resources are made of, in the shapes of the protocol,
// which are the same in all its versions. `base64` is encoded already.

#include <string>

#include "core/base/json.hpp"

namespace exai::mcp {

inline json::object text_content(std::string text) {
  return {{"type", "text"}, {"text", std::move(text)}};
}

inline json::object image_content(std::string base64, std::string mime_type) {
  return {{"type", "image"}, {"data", std::move(base64)}, {"mimeType", std::move(mime_type)}};
}

inline json::object audio_content(std::string base64, std::string mime_type) {
  return {{"type", "audio"}, {"data", std::move(base64)}, {"mimeType", std::move(mime_type)}};
}

// What resources/read gives, one for each part of the resource.
inline json::object text_resource(std::string uri, std::string mime_type, std::string text) {
  return {{"uri", std::move(uri)}, {"mimeType", std::move(mime_type)}, {"text", std::move(text)}};
}

inline json::object blob_resource(std::string uri, std::string mime_type, std::string base64) {
  return {{"uri", std::move(uri)}, {"mimeType", std::move(mime_type)}, {"blob", std::move(base64)}};
}

inline json::object embedded_resource(json::object resource) {
  return {{"type", "resource"}, {"resource", std::move(resource)}};
}

inline json::object prompt_message(std::string_view role, json::object content) {
  return {{"role", role}, {"content", std::move(content)}};
}

}  // namespace exai::mcp
