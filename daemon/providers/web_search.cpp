#include "daemon/providers/web_search.hpp"

#include <algorithm>

namespace exai::providers {
namespace {

constexpr std::string_view kFunction = "$web_search";
constexpr std::string_view kEngine = "search-prime";

const json::object& function_of(const json::value& call) {
  return call.as_object().at("function").as_object();
}

bool is_search(const json::value& call) {
  return find_string(function_of(call), "name") == kFunction;
}

// What Kimi wants to see before it goes on: its own message, then each call's arguments.
void add_round(const ChatReply& reply, ChatRequest& request) {
  ChatMessage said{"assistant", reply.text};
  said.extra["tool_calls"] = reply.tool_calls;
  if (!reply.reasoning.empty()) said.extra["reasoning_content"] = reply.reasoning;
  request.messages.push_back(std::move(said));
  for (const json::value& call : reply.tool_calls) {
    ChatMessage echo{"tool", find_string(function_of(call), "arguments").value_or("")};
    echo.extra["tool_call_id"] = call.as_object().at("id");
    echo.extra["name"] = kFunction;
    request.messages.push_back(std::move(echo));
  }
}

}  // namespace

void add_search_tool(WebSearch how, json::array& tools) {
  if (how == WebSearch::echoed)
    tools.push_back(
        json::object{{"type", "builtin_function"}, {"function", {{"name", kFunction}}}});
  if (how == WebSearch::built_in)
    tools.push_back(json::object{
        {"type", "web_search"},
        {"web_search", {{"enable", true}, {"search_engine", kEngine}, {"search_result", true}}}});
}

bool EchoedSearch::goes_on(Outcome<ChatReply>& reply, ChatRequest& request) {
  if (!on_ || !reply) return false;
  if (reply->usage) {
    if (!spent_) spent_ = Usage();
    spent_->input += reply->usage->input;
    spent_->output += reply->usage->output;
    spent_->cached += reply->usage->cached;
    reply->usage = spent_;
  }
  if (reply->tool_calls.empty() || !std::ranges::all_of(reply->tool_calls, is_search)) return false;
  if (++rounds_ > kMostRounds) {
    reply = tl::unexpected(ProviderError{
        Failure::server, "the model searched and searched, and never answered", std::nullopt});
    return false;
  }
  add_round(*reply, request);
  return true;
}

WireRequest search_request(const SearchQuery& query) {
  json::object body{{"search_engine", query.engine.empty() ? std::string(kEngine) : query.engine},
                    {"search_query", query.words},
                    {"count", query.count}};
  if (!query.domain.empty()) body["search_domain_filter"] = query.domain;
  if (!query.recency.empty()) body["search_recency_filter"] = query.recency;
  return {"POST", "/web_search", "application/json", to_text(body)};
}

Outcome<std::vector<SearchHit>> search_hits(const std::string& body) {
  const auto object = parse_json_object(body);
  const json::array* results = object ? find_array(*object, "search_result") : nullptr;
  if (results == nullptr)
    return tl::unexpected(
        ProviderError{Failure::server, "the answer has no results", std::nullopt});
  std::vector<SearchHit> hits;
  for (const json::value& one : *results) {
    const json::object* result = one.if_object();
    if (result == nullptr) continue;
    const auto text = [&](const char* key) { return find_string(*result, key).value_or(""); };
    hits.push_back(
        {text("title"), text("link"), text("content"), text("media"), text("publish_date")});
  }
  return hits;
}

}  // namespace exai::providers
