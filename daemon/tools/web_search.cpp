#include "core/base/text.hpp"
#include "daemon/tools/ask.hpp"
#include "daemon/tools/needs.hpp"

namespace exai::tools {
namespace {

using providers::WebSearch;

constexpr std::string_view kInstructions =
    "Search the web, and answer with what you find: for each result its title, its URL and what it "
    "says, the most useful first. Say when there is nothing.";

providers::SearchQuery query_of(const json::object& arguments) {
  providers::SearchQuery query;
  query.words = find_string(arguments, "search_query").value_or("");
  query.count = find_integer(arguments, "count").value_or(10);
  query.engine = find_string(arguments, "search_engine").value_or("");
  query.domain = find_string(arguments, "search_domain_filter").value_or("");
  query.recency = find_string(arguments, "search_recency_filter").value_or("");
  if (query.recency == "all") query.recency.clear();
  return query;
}

mcp::ToolResult shown(const providers::ProviderInfo& info, const std::string& words,
                      const std::vector<providers::SearchHit>& hits) {
  mcp::ToolResult result;
  json::array list;
  for (const providers::SearchHit& hit : hits) {
    list.push_back(json::object{{"title", hit.title},
                                {"url", hit.url},
                                {"text", hit.text},
                                {"site", hit.site},
                                {"published", hit.published}});
    result.text += fmt::format("{}. {}\n   {}\n   {}\n", list.size(), hit.title, hit.url, hit.text);
  }
  if (hits.empty()) result.text = fmt::format("nothing was found for \"{}\"\n", words);
  result.structured = {{"provider", info.name}, {"results", std::move(list)}};
  return result;
}

// A model searches and tells: a chat that is not remembered.
Task<mcp::ToolResult> told(Context& context, providers::Provider* provider,
                           providers::SearchQuery query,
                           std::function<void(mcp::Progress)> progress) {
  const providers::Route route{provider, provider->info().default_model, "it can search"};
  providers::ChatRequest request;
  request.model = route.model;
  request.search_web = true;
  request.messages.push_back({"system", std::string(kInstructions)});
  std::string words = query.words;
  if (!query.domain.empty()) words += "\nOnly from " + query.domain;
  request.messages.push_back({"user", std::move(words)});
  std::function<void(const providers::Delta&)> on_delta =
      AnswerProgress(context.clock, std::move(progress));
  auto reply = co_await provider->chat(std::move(request), std::move(on_delta));
  if (!reply) co_return provider_failure(route, reply.error());
  mcp::ToolResult result;
  result.text = reply->text;
  result.structured = facts_of(route, *reply);
  co_return result;
}

}  // namespace

Task<mcp::ToolResult> web_search(Context& context, mcp::Call call) {
  const std::string named = find_string(call.arguments, "provider").value_or("auto");
  providers::Provider* provider = searching_provider(context.router, named);
  if (provider == nullptr)
    co_return failure(fmt::format(
        "web_search: {}. What to do: set GLM_API_KEY or KIMI_API_KEY",
        named == "auto" ? "no provider that can search the web is configured"
                        : printable(named) + " is not configured, or cannot search the web"));
  const providers::SearchQuery query = query_of(call.arguments);
  if (provider->info().web_search != WebSearch::built_in)
    co_return co_await told(context, provider, query, call.progress);
  providers::SearchQuery sent = query;
  const auto hits = co_await provider->search(std::move(sent));
  if (!hits) co_return failure("web_search: " + failure_text(provider->info().title, hits.error()));
  co_return shown(provider->info(), query.words, *hits);
}

}  // namespace exai::tools
