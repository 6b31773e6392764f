#pragma once
// The few things that several modules want of a URL, from its text alone. Whoever has to reach what
// it leads to lets curl read it (http.hpp). Pure.

#include <string>
#include <string_view>

namespace exai {

// What follows the host, "/health?deep" of "http://host:80/health?deep"; the whole text when that
// cannot be told.
std::string_view path_of_url(std::string_view url);

// "localhost", "127.0.0.1", "::1", "[::1]": a name or number of this machine alone. A name like
// 127.evil.example is none.
bool is_loopback(std::string_view host);

// "%41" → "A"; what is no escape stays as it is.
std::string percent_decoded(std::string_view text);

// All but letters, digits, "-._~" and what is in `also_plain`, with these digits.
std::string percent_encoded(std::string_view text, std::string_view also_plain,
                            std::string_view digits = "0123456789ABCDEF");

}  // namespace exai
