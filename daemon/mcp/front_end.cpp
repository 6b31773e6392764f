#include "daemon/mcp/front_end.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.hpp"

namespace exai::mcp {

namespace {

constexpr std::size_t kMostCompletions = 100;  // the specification's limit

// Which parameter of a call's request names what it is about, and whether it takes arguments.
struct CallMethod {
  std::string_view method;
  std::string_view naming;
  bool has_arguments;
};
constexpr std::array<CallMethod, 3> kCallMethods = {CallMethod{"tools/call", "name", true},
                                                    CallMethod{"prompts/get", "name", true},
                                                    CallMethod{"resources/read", "uri", false}};

}  // namespace

Reply reply_with(const rpc::Response& response, std::string method) {
  return {rpc::to_text(response), std::move(method), response.error ? response.error->code : 0};
}

Reply refuse(const rpc::Request& request, int code, std::string message, json::value data) {
  return reply_with(rpc::error_of(request.id, code, std::move(message), std::move(data)),
                    request.method);
}

Reply reject(rpc::Rejection rejection) {
  rpc::Response response{std::move(rejection.id), nullptr, std::move(rejection.error)};
  return reply_with(response, {});
}

bool is_call(std::string_view method) {
  return std::ranges::find(kCallMethods, method, &CallMethod::method) != kCallMethods.end();
}

Result<CallRequest> read_call(rpc::Request& request) {
  const auto form = std::ranges::find(kCallMethods, request.method, &CallMethod::method);
  EXAI_ASSERT(form != kCallMethods.end() && request.id);
  const auto name = find_string(request.params, form->naming);
  if (!name) return fail(Errc::invalid, "\"{}\" must be a string", form->naming);
  CallRequest call{{*request.id, request.method, *name, {}, false}, nullptr};
  if (auto* arguments = request.params.if_contains("arguments"); arguments && form->has_arguments) {
    if (!arguments->is_object()) return fail(Errc::invalid, "\"arguments\" must be an object");
    call.start.arguments = std::move(arguments->get_object());
  }
  const auto* meta = find_object(request.params, "_meta");
  const auto* token = meta ? find(*meta, "progressToken") : nullptr;
  if (!token) return call;
  if (!token->is_string() && !token->is_number())
    return fail(Errc::invalid, "\"progressToken\" must be a string or a number");
  call.token = *token;
  call.start.wants_progress = true;
  return call;
}

json::object missing_capability(const json::object& declared, const Question& question) {
  const std::string capability = question.method.substr(0, question.method.find('/'));
  const std::string mode = find_string(question.params, "mode").value_or("form");
  const bool is_url = capability == "elicitation" && mode == "url";
  json::object needed;
  if (is_url) needed["url"] = json::object();
  if (const json::value* has = find(declared, capability)) {
    const json::object* modes = has->if_object();
    const bool takes_urls = modes != nullptr && modes->contains("url");
    const bool takes_forms = !takes_urls || modes->contains("form");
    if (capability != "elicitation" || (is_url ? takes_urls : takes_forms)) return {};
    if (!is_url) needed["form"] = json::object();
  }
  return {{capability, std::move(needed)}};
}

tl::unexpected<Error> refuse_to_ask(const Question& question) {
  const std::string_view method = question.method;
  const bool is_url = find_string(question.params, "mode") == "url";
  return fail(Errc::denied, "this client cannot be asked: it does not support {}{}",
              method.substr(0, method.find('/')), is_url ? " of URLs" : "");
}

bool is_answer(const Question& question, const json::object& answer) {
  if (question.method == "elicitation/create") return find_string(answer, "action").has_value();
  return answer.contains(question.method == "roots/list" ? "roots" : "content");
}

std::optional<rpc::Id> cancelled_id(const json::object& params) {
  if (auto text = find_string(params, "requestId")) return rpc::Id(*std::move(text));
  if (const auto number = find_integer(params, "requestId")) return rpc::Id(*number);
  return std::nullopt;
}

Result<json::object> completion_result(const Source& source, const json::object& params) {
  const auto* ref = find_object(params, "ref");
  const auto* argument = find_object(params, "argument");
  const auto type = ref ? find_string(*ref, "type") : std::nullopt;
  if (type != "ref/prompt" && type != "ref/resource")
    return fail(Errc::invalid, "\"ref\" must be of type \"ref/prompt\" or \"ref/resource\"");
  const bool of_resource = type == "ref/resource";
  const auto name = find_string(*ref, of_resource ? "uri" : "name");
  const auto argument_name = argument ? find_string(*argument, "name") : std::nullopt;
  const auto value = argument ? find_string(*argument, "value") : std::nullopt;
  if (!name || !argument_name || !value)
    return fail(Errc::invalid, "\"ref\" and \"argument\" must say what is to be completed");
  TRY(values, source.complete({of_resource, *name, *argument_name, *value}));
  json::array shown;
  for (const auto& one : values)
    if (shown.size() < kMostCompletions) shown.emplace_back(one);
  const bool has_more = values.size() > shown.size();
  return json::object{
      {"completion",
       {{"values", std::move(shown)}, {"total", values.size()}, {"hasMore", has_more}}}};
}

}  // namespace exai::mcp
