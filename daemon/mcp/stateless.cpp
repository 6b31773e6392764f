#include "daemon/mcp/stateless.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"

namespace exai::mcp {

namespace {

constexpr std::string_view kMetaPrefix = "io.modelcontextprotocol/";
constexpr int kListTtlMs = 60'000;  // lists change with the program, or are announced
constexpr std::int64_t kStateSeconds = 3600;

const json::value* meta_member(const json::object& params, std::string_view name) {
  const auto* meta = find_object(params, "_meta");
  return meta ? find(*meta, std::string(kMetaPrefix).append(name)) : nullptr;
}

std::int64_t unix_seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

TaskUse task_use(const Catalog& catalog, const StartCall& call) {
  if (call.method != "tools/call") return TaskUse::never;
  const auto tool = std::ranges::find(catalog.tools, call.name, &ToolInfo::name);
  return tool == catalog.tools.end() ? TaskUse::never : tool->tasks;
}

rpc::ErrorObject error_of(const Error& error, const StartCall& call) {
  rpc::ErrorObject object = call_error(error);
  if (call.method == "resources/read") object.data = json::object{{"uri", call.name}};
  return object;
}

}  // namespace

Stateless::Server::Server(const ServerInfo& given, const Source& given_source,
                          const Sealer& given_sealer, TaskTable& given_tasks)
    : info(given), source(given_source), sealer(given_sealer), tasks(given_tasks) {
  const json::object meta{{std::string(kMetaPrefix) + "serverInfo", server_info(info)}};
  meta_member = R"("_meta":)" + to_text(meta) + ",";
  complete_member = R"("resultType":"complete",)" + meta_member;
}

Stateless::Stateless(const Server& server, std::optional<HeaderMap> headers, Moment now,
                     TaskOwner caller)
    : server_(server), headers_(std::move(headers)), now_(now), caller_(std::move(caller)) {}

int Stateless::http_status(int code) {
  switch (code) {
    case rpc::kMethodNotFound:
      return 404;
    case rpc::kParseError:
    case rpc::kInvalidRequest:
    case rpc::kInvalidParams:
    case kHeaderMismatch:
    case kMissingCapability:
    case kUnsupportedVersion:
      return 400;
    default:
      return 200;
  }
}

std::vector<Output> Stateless::receive(std::string_view text) {
  auto message = rpc::parse(text);
  if (!message) return {reject(std::move(message).error())};
  auto* request = std::get_if<rpc::Request>(&*message);
  if (!request)
    return {reject({std::nullopt, {rpc::kInvalidRequest, "there is nothing to answer", nullptr}})};
  return receive(*request);
}

std::optional<Reply> Stateless::refuse_meta(const rpc::Request& request) const {
  const auto* version = meta_member(request.params, "protocolVersion");
  const auto* capabilities = meta_member(request.params, "clientCapabilities");
  if (!version || !version->is_string())
    return refuse(request, rpc::kInvalidParams,
                  "_meta must have io.modelcontextprotocol/protocolVersion");
  if (!capabilities || !capabilities->is_object())
    return refuse(request, rpc::kInvalidParams,
                  "_meta must have io.modelcontextprotocol/clientCapabilities");
  if (headers_)
    if (auto wrong = header_mismatch(request, *headers_, server_.source.catalog()))
      return refuse(request, kHeaderMismatch, *std::move(wrong));
  if (version->get_string() == kFirstModernVersion) return std::nullopt;
  return refuse(request, kUnsupportedVersion, "this server does not speak that version",
                {{"supported", json::array{kFirstModernVersion}}, {"requested", *version}});
}

std::vector<Output> Stateless::receive(rpc::Request& request) {
  if (!request.id) return {};
  if (auto refusal = refuse_meta(request)) return {*std::move(refusal)};
  capabilities_ = meta_member(request.params, "clientCapabilities")->get_object();
  if (const auto* level = meta_member(request.params, "logLevel"); level && level->is_string())
    level_ = severity_of(level->get_string());
  if (!offers(server_.source.catalog(), request.method) ||
      request.method == "resources/subscribe" || request.method == "resources/unsubscribe")
    return {
        refuse(request, rpc::kMethodNotFound,
               fmt::format("this server offers nothing for \"{}\"", printable(request.method)))};
  if (is_call(request.method)) return {start_call(request)};
  if (request.method == "subscriptions/listen") return {listen(request)};
  if (is_about_task(request.method)) return receive_task_request(request);
  return {answer(request)};
}

json::object Stateless::complete(json::object result) const {
  result["resultType"] = "complete";
  result["_meta"] = {{std::string(kMetaPrefix) + "serverInfo", server_info(server_.info)}};
  return result;
}

Output Stateless::answer(const rpc::Request& request) {
  Result<json::object> result = fail(Errc::not_found, "");
  if (is_list(request.method)) {
    result = list_page(server_.source.catalog(), request.method, request.params);
  } else if (request.method == "server/discover") {
    result = discover_result(server_.info, server_.source.catalog());
  } else if (request.method == "completion/complete") {
    result = completion_result(server_.source, request.params);
  } else {
    return refuse(request, rpc::kMethodNotFound,
                  fmt::format("there is no method \"{}\"", printable(request.method)));
  }
  if (!result) return refuse(request, rpc::kInvalidParams, result.error().message());
  if (request.method != "completion/complete") {
    (*result)["ttlMs"] = kListTtlMs;
    (*result)["cacheScope"] = "private";  // who may see it depends on the token
  }
  return reply_with(rpc::result_of(*request.id, complete(*std::move(result))), request.method);
}

Output Stateless::start_call(rpc::Request& request) {
  auto read = read_call(request);
  if (!read) return refuse(request, rpc::kInvalidParams, read.error().message());
  const TaskUse use = task_use(server_.source.catalog(), read->start);
  if (takes_tasks()) {
    read->start.tasks = use;
  } else if (use == TaskUse::at_once || use == TaskUse::when_it_says) {
    return refuse_without_tasks(request);
  }
  token_ = std::move(read->token);
  call_ = std::move(read->start);
  auto answers = read_answers(request.params);
  if (answers) return *call_;
  call_.reset();
  return refuse(request, rpc::kInvalidParams, answers.error().message());
}

// What the state is sealed for.
std::string Stateless::digest() const {
  return call_->method + "\n" + call_->name + "\n" + to_text(call_->arguments);
}

Result<> Stateless::read_answers(const json::object& params) {
  if (const auto* state = find(params, "requestState")) {
    const auto opened =
        state->is_string() ? server_.sealer.open(state->get_string()) : std::nullopt;
    const auto content = opened ? parse_json_object(*opened) : Result<json::object>(json::object());
    if (!opened || !content || find_string(*content, "for") != digest() ||
        find_string(*content, "by") != caller_.principal ||
        find_integer(*content, "until").value_or(0) < unix_seconds(now_.wall))
      return fail(Errc::invalid,
                  "\"requestState\" is not what this server gave for this request, "
                  "or too old: begin again without it");
    answers_ = *find_object(*content, "answers");
  }
  const auto* responses = find(params, "inputResponses");
  if (!responses) return {};
  if (!responses->is_object()) return fail(Errc::invalid, "\"inputResponses\" must be an object");
  for (const auto& response : responses->get_object())
    answers_.insert_or_assign(response.key(), response.value());
  return {};
}

Result<Asked> Stateless::ask(const rpc::Id&, const Question& question) {
  if (auto missing = missing_capability(capabilities_, question); !missing.empty()) {
    for (auto& member : missing) missing_[member.key()] = std::move(member.value());
    return refuse_to_ask(question);
  }
  const auto* answer = find_object(answers_, question.key);
  if (answer && is_answer(question, *answer)) {
    given_[question.key] = *answer;
    return *answer;
  }
  pending_.push_back(question);
  return fail(Errc::unavailable, "the client has to answer first");
}

std::optional<std::string> Stateless::progress(const rpc::Id&, const Progress& progress) {
  if (!call_ || token_.is_null() || (progress_ && progress.progress <= *progress_))
    return std::nullopt;
  progress_ = progress.progress;
  return progress_text(token_, progress);
}

std::optional<std::string> Stateless::log(const rpc::Id&, const LogMessage& message) const {
  if (!call_ || !level_ || message.severity < *level_) return std::nullopt;
  return log_text(message);
}

// Sealed are the answers that the call has used: what else the client sends is forgotten.
std::string Stateless::input_required() const {
  json::object requests;
  for (const Question& question : pending_) {
    requests[question.key] = {{"method", question.method}, {"params", question.params}};
  }
  const json::object state{{"for", digest()},
                           {"by", caller_.principal},
                           {"until", unix_seconds(now_.wall) + kStateSeconds},
                           {"answers", given_}};
  json::object result = complete({{"inputRequests", std::move(requests)},
                                  {"requestState", server_.sealer.seal(to_text(state))}});
  result["resultType"] = "input_required";
  return rpc::to_text(rpc::result_of(call_->id, std::move(result)));
}

std::optional<Reply> Stateless::finish(const rpc::Id& id, const Result<Outcome>& outcome) {
  if (!call_ || call_->id != id) return std::nullopt;
  std::optional<Reply> reply;
  if (!missing_.empty()) {
    rpc::Response response{
        id, nullptr,
        rpc::ErrorObject{kMissingCapability, "the client does not declare what this needs",
                         json::object{{"requiredCapabilities", missing_}}}};
    reply = reply_with(response, call_->method);
  } else if (!pending_.empty()) {
    reply = Reply{input_required(), call_->method, 0};
  } else if (!outcome) {
    reply = reply_with({id, nullptr, error_of(outcome.error(), *call_)}, call_->method);
  } else if (const auto* refusal = std::get_if<Refusal>(&*outcome)) {
    reply = reply_with({id, nullptr, over_capacity(*refusal)}, call_->method);
  } else if (const auto* tool = std::get_if<ToolResult>(&*outcome)) {
    reply = Reply{call_result_text(id, *tool, server_.complete_member), call_->method, 0};
  } else {
    json::object result = complete(std::get<json::object>(*outcome));
    if (call_->method == "resources/read") {
      result["ttlMs"] = 0;
      result["cacheScope"] = "private";
    }
    reply = reply_with(rpc::result_of(id, std::move(result)), call_->method);
  }
  call_.reset();
  return reply;
}

}  // namespace exai::mcp
