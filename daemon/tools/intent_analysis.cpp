#include "core/base/text.hpp"
#include "daemon/tools/ask.hpp"

namespace exai::tools {
namespace {

constexpr std::string_view kInstructions =
    "You are shown a request that somebody will make to an assistant. Do not answer it. Say what "
    "is wanted, as one JSON object and nothing else: {\"intent\": \"chat, analyze, debug, review, "
    "refactor, test, document, plan, search or other\", \"complexity\": \"low, medium or high\", "
    "\"domains\": [\"…\"], \"needs_web_search\": true or false, \"needs_files\": true or false, "
    "\"confidence\": 0 to 1, \"summary\": \"one sentence\"}.";

// Models like to put JSON between marks.
json::object object_in(std::string_view text) {
  const std::size_t begin = text.find('{');
  const std::size_t end = text.rfind('}');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
  return parse_json_object(text.substr(begin, end - begin + 1)).value_or(json::object());
}

}  // namespace

Task<mcp::ToolResult> intent_analysis(Context& context, mcp::Call call) {
  const auto route = context.router.route(find_string(call.arguments, "model").value_or(""));
  if (!route) co_return failure("intent_analysis: " + route.error().message());
  std::string prompt = find_string(call.arguments, "prompt").value_or("");
  if (const auto around = find_string(call.arguments, "context"))
    prompt = fmt::format("What is known:\n{}\n\nThe request:\n{}", *around, prompt);
  providers::ChatRequest request;
  request.model = route->model;
  request.messages.push_back({"system", std::string(kInstructions)});
  request.messages.push_back({"user", std::move(prompt)});
  const Wishes wishes = read_wishes(call);
  auto prepared = co_await prepare(context, wishes, *route, std::move(request));
  if (!prepared) co_return failure("intent_analysis: " + prepared.error().message());
  std::function<void(const providers::Delta&)> on_delta = [](const providers::Delta&) {};
  auto reply = co_await route->provider->chat(std::move(prepared->request), std::move(on_delta));
  if (!reply) co_return provider_failure(*route, reply.error());
  mcp::ToolResult result;
  result.text = reply->text;
  result.structured = facts_of(*route, *reply);
  if (json::object found = object_in(reply->text); !found.empty())
    result.structured["analysis"] = std::move(found);
  co_return result;
}

}  // namespace exai::tools
