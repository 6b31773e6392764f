#pragma once
// What the targets of MCP share: input as lines, of which the first character says what is done and
// the rest with what; a server that offers something of everything; and what every text that a
// server sends must be.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/text.hpp"
#include "daemon/mcp/front_end.hpp"
#include "tests/unit/mcp/test_source.hpp"

namespace exai::fuzz {

inline mcp::Catalog catalog() {
  mcp::Catalog all;
  all.tools.resize(60);  // two pages
  for (std::size_t i = 0; i < all.tools.size(); ++i) all.tools[i].name = "t" + std::to_string(i);
  all.tools[0].input_schema =
      json::object{{"properties", json::object{{"r", json::object{{"x-mcp-header", "Region"}}}}}};
  all.tools[1].tasks = mcp::TaskUse::may;
  all.tools[2].tasks = mcp::TaskUse::at_once;
  all.tools[3].tasks = mcp::TaskUse::when_it_says;
  all.resources = {{"test://a", "a", "", "text/plain"}};
  all.templates = {{"test://{id}", "any", "", ""}};
  all.prompts = {{"greet", "says hello", {{"who", "whom", true}}}};
  all.changes = true;
  return all;
}

inline const mcp::ServerInfo kServer{"exai", "EXAI", "1.2.3", "Call status first."};

// One line of JSON that is a JSON-RPC message, or several of them in a list.
inline void must_be_message(const std::string& text) {
  if (text.find('\n') != std::string::npos) std::abort();
  const auto value = parse_json(text);
  if (!value) std::abort();
  const json::array* batch = value->if_array();
  if (batch == nullptr && !rpc::from_json(*value)) std::abort();
  for (std::size_t i = 0; batch && i < batch->size(); ++i)
    if (!rpc::from_json((*batch)[i])) std::abort();
}

inline void must_be_message(const std::optional<std::string>& text) {
  if (text) must_be_message(*text);
}

// Ends a call in one of the ways in which calls end.
inline Result<mcp::Outcome> outcome_of(std::string_view how) {
  if (how.starts_with('n')) return fail(Errc::not_found, "{}", printable(how));
  if (how.starts_with('c')) return fail(Errc::cancelled, "cancelled");
  if (how.starts_with('i')) return fail(Errc::internal, "{}", printable(how));
  if (how.starts_with('o')) return mcp::Outcome(json::object{{"contents", json::array()}});
  mcp::ToolResult result;
  result.text = printable(how);
  result.is_error = how.starts_with('e');
  return mcp::Outcome(std::move(result));
}

}  // namespace exai::fuzz
