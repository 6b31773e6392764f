#pragma once
// Base64 with its standard alphabet (RFC 4648). Pure.

#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace exai {

enum class Padding { none, full };  // full: "=" to a multiple of four characters

std::string to_base64(std::string_view bytes, Padding padding = Padding::none);
// Of text without padding. Errors: invalid, also when bits are left over that are not zero.
Result<std::string> from_base64(std::string_view text);
// The same with the alphabet of URLs and file names ("-" and "_"), as JOSE has it.
std::string to_base64url(std::string_view bytes);
Result<std::string> from_base64url(std::string_view text);

}  // namespace exai
