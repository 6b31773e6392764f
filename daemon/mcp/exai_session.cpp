#include "daemon/mcp/exai_session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.hpp"
#include "daemon/mcp/exai_frames.hpp"

namespace exai::mcp {

namespace {

constexpr std::size_t kLongestKey = 64U << 10U;  // a longer call is shared with none

Output reply(json::object frame, std::string method, int code = 0) {
  return Reply{to_text(frame), std::move(method), code};
}

Output refuse_frame(const json::object& frame, std::string_view code, const std::string& message) {
  return reply(error_frame(request_id_of(frame), code, message), "other", rpc::kInvalidRequest);
}

Output refuse_call(json::value request_id, json::object error) {
  json::object frame = exai_frame("call_tool_res", std::move(request_id));
  frame["outputs"] = json::array();
  frame["error"] = std::move(error);
  return reply(std::move(frame), "tools/call", rpc::kInvalidRequest);
}

Output refuse_call(const std::string& request, json::object error) {
  return refuse_call(json::value(json::string(request)), std::move(error));
}

bool is_error_result(const json::object& members) {
  return members.contains("error");
}

}  // namespace

ExaiSession::~ExaiSession() {
  for (const auto& [request, call] : calls_) server_.ledger.end(session_id_, request, call.key);
}

std::vector<Output> ExaiSession::receive(std::string_view text) {
  std::vector<Output> outputs;
  const auto frame = parse_json_object(text);
  if (!frame) {
    outputs.push_back(refuse_frame({}, "INVALID_REQUEST",
                                   "the frame is no JSON object: " + frame.error().message()));
    return outputs;
  }
  const auto op = find_string(*frame, "op");
  if (!op) {
    outputs.push_back(refuse_frame(*frame, "INVALID_REQUEST", "\"op\" must be a string"));
    return outputs;
  }
  return receive_op(*op, *frame);
}

std::vector<Output> ExaiSession::receive_op(const std::string& op, const json::object& frame) {
  if (op == "cancel") return cancel(frame);
  std::vector<Output> outputs;
  if (op == "call_tool" || op == "tool_call") {
    outputs.push_back(call_tool(frame));
  } else if (op == "list_tools") {
    outputs.push_back(list_tools(frame));
  } else if (op == "ping") {
    json::object pong = exai_frame("pong", request_id_of(frame));
    pong["timestamp"] = unix_time(server_.clock.wall());
    outputs.push_back(reply(std::move(pong), "ping"));
  } else if (op == "health") {
    json::object health = exai_frame("health_res", request_id_of(frame));
    health["ok"] = true;
    health["health"] = server_.host.health();
    outputs.push_back(reply(std::move(health), "other"));
  } else if (op == "rotate_token") {
    outputs.push_back(rotate_token(frame));
  } else if (op == "hello") {
    outputs.push_back(refuse_frame(frame, "PROTOCOL_ERROR", "this session has said hello already"));
  } else {
    outputs.push_back(refuse_frame(
        frame, "INVALID_REQUEST",
        fmt::format("there is no op \"{}\"; there are list_tools, call_tool, cancel, ping, health "
                    "and rotate_token",
                    printable(op))));
  }
  return outputs;
}

Output ExaiSession::list_tools(const json::object& frame) const {
  json::array tools;
  for (const ToolInfo& tool : server_.source.catalog().tools)
    tools.push_back(json::object{{"name", tool.name},
                                 {"description", tool.description},
                                 {"inputSchema", tool.input_schema}});
  json::object answer = exai_frame("list_tools_res", request_id_of(frame));
  answer["tools"] = std::move(tools);
  answer["timestamp"] = unix_time(server_.clock.wall());
  return reply(std::move(answer), "tools/list");
}

// call_tool {name, arguments}, or tool_call {tool: {name}, arguments}. The caller waits for a
// call_tool_res, so that is what it gets whatever is wrong.
Output ExaiSession::call_tool(const json::object& frame) {
  const json::value given = request_id_of(frame);
  const auto wrong = [&](std::string_view code, std::string message) {
    return refuse_call(given, exai_error(code, std::move(message)));
  };
  if (!given.is_null() && !given.is_string())
    return wrong("INVALID_REQUEST", "\"request_id\" must be a string");
  auto name = find_string(frame, "name");
  if (const json::object* tool = find_object(frame, "tool"); tool && !name)
    name = find_string(*tool, "name");
  if (!name || name->empty()) return wrong("INVALID_REQUEST", "\"name\" must name a tool");
  const json::value* arguments = find(frame, "arguments");
  if (arguments && !arguments->is_null() && !arguments->is_object())
    return wrong("VALIDATION_ERROR", "\"arguments\" must be an object");
  std::string request = given.is_string() ? std::string(given.get_string())
                                          : fmt::format("unnamed-{}-{}", connection_, ++unnamed_);
  const bool has_arguments = arguments && arguments->is_object();
  return start(std::move(request), clean_tool_name(*name),
               has_arguments ? arguments->get_object() : json::object());
}

Output ExaiSession::start(std::string request, std::string name, const json::object& arguments) {
  const auto& tools = server_.source.catalog().tools;
  const auto tool = std::ranges::find_if(tools, [&](const ToolInfo& one) {
    return one.name == name || std::ranges::count(one.earlier_names, name) > 0;
  });
  if (tool == tools.end()) {
    std::vector<std::string> names;
    for (const ToolInfo& one : tools) names.push_back(one.name);
    const auto meant = closest(name, names);
    return refuse_call(request, exai_error("TOOL_NOT_FOUND",
                                           fmt::format("no tool named \"{}\"{}", printable(name),
                                                       meant ? ", did you mean \"" + *meant + "\"?"
                                                             : std::string())));
  }
  name = tool->name;
  ExaiLedger& ledger = server_.ledger;
  const Time now = server_.clock.now();
  if (const auto* result = ledger.result_of_request(session_id_, request, now))
    return Reply{result_frame(request, *result), "tools/call", 0};
  if (const auto* other = ledger.running_request(session_id_, request)) {
    if (other->connection == connection_)
      return reply(progress_members(request, name, server_.clock.wall(),
                                    {{"note", "a duplicate: this request is running already"}}),
                   "tools/call");
    json::object error = exai_error("DUPLICATE", "this request runs on another connection");
    error["original_request_id"] = request;
    return refuse_call(request, std::move(error));
  }
  std::string key = call_key(*tool, arguments);
  if (const auto* result = ledger.result_of_call(session_id_, key, now))
    return Reply{result_frame(request, *result, R"("from_cache":true)"), "tools/call", 0};
  if (const auto* other = ledger.running_call(session_id_, key)) {
    json::object error = exai_error(
        "DUPLICATE", fmt::format("the same call is running as {}", printable(other->request)));
    error["original_request_id"] = other->request;
    return refuse_call(request, std::move(error));
  }
  if (calls_.size() >= server_.options.max_in_flight)
    return refuse_call(request,
                       over_capacity_error(
                           {"calls",
                            fmt::format("over capacity: this connection has {} in flight, the most "
                                        "it may; wait for one to end",
                                        count_of(calls_.size(), "call")),
                            1s}));
  ledger.start(session_id_, key, {request, connection_});
  calls_.emplace(request, Call{name, std::move(key)});
  return StartCall{std::move(request), "tools/call", std::move(name), arguments, true};
}

// Only what asks a provider costs enough to be shared. The rest is cheap, and old answers of status
// or health would be wrong; so would be those of what changes something.
std::string ExaiSession::call_key(const ToolInfo& tool, const json::object& arguments) const {
  if (!tool.open_world || tool.always_runs) return {};
  if (std::ranges::count(server_.options.never_share, tool.name) > 0) return {};
  std::string key = tool.name + canonical_json(arguments);
  if (key.size() > kLongestKey) key.clear();
  return key;
}

std::vector<Output> ExaiSession::cancel(const json::object& frame) {
  const auto request = find_string(frame, "request_id");
  if (!request)
    return {refuse_frame(frame, "INVALID_REQUEST", "\"request_id\" must name the call to cancel")};
  std::vector<Output> outputs;
  json::object answer = exai_frame("cancelled", *request);
  const auto call = calls_.find(*request);
  answer["ok"] = call != calls_.end();
  answer["timestamp"] = unix_time(server_.clock.wall());
  if (call == calls_.end())
    answer["error"] = exai_error("NOT_FOUND", "no such call is running on this connection");
  outputs.push_back(reply(std::move(answer), "other"));
  if (call != calls_.end() && !std::exchange(call->second.cancelled, true))
    outputs.emplace_back(CancelCall{*request});
  return outputs;
}

Output ExaiSession::rotate_token(const json::object& frame) {
  const auto old = find_string(frame, "old");
  const auto fresh = find_string(frame, "new");
  json::object answer = exai_frame("rotate_token_res", request_id_of(frame));
  Result<> rotated = fail(Errc::invalid, "\"old\" and \"new\" must be strings");
  if (old && fresh) rotated = server_.host.rotate_token(Secret(*old), Secret(*fresh));
  answer["ok"] = rotated.has_value();
  if (!rotated) {
    answer["error"] = rotated.error().code() == Errc::denied ? "unauthorized" : "missing_params";
    answer["message"] = rotated.error().message();
  }
  return reply(std::move(answer), "other", rotated ? 0 : rpc::kInvalidParams);
}

ExaiSession::Call* ExaiSession::running(const rpc::Id& id) {
  const auto* request = std::get_if<std::string>(&id);
  const auto found = request ? calls_.find(*request) : calls_.end();
  return found == calls_.end() || found->second.cancelled ? nullptr : &found->second;
}

std::optional<std::string> ExaiSession::progress_frame(const rpc::Id& id, json::object more) {
  const Call* call = running(id);
  if (!call) return std::nullopt;
  return to_text(progress_members(std::get<std::string>(id), call->name, server_.clock.wall(),
                                  std::move(more)));
}

std::optional<std::string> ExaiSession::waiting(const rpc::Id& id, std::string_view for_what) {
  return progress_frame(id, {{"note", fmt::format("waiting for its turn: {}", for_what)}});
}

std::optional<std::string> ExaiSession::admitted(const rpc::Id& id, Duration limit) {
  Call* call = running(id);
  if (!call || std::exchange(call->acknowledged, true)) return std::nullopt;
  json::object ack = exai_frame("call_tool_ack", std::get<std::string>(id));
  ack["accepted"] = true;
  ack["timeout"] = std::chrono::duration<double>(limit).count();
  ack["name"] = call->name;
  return to_text(ack);
}

std::optional<std::string> ExaiSession::heartbeat(const rpc::Id& id) {
  return progress_frame(id, {});
}

std::optional<std::string> ExaiSession::progress(const rpc::Id& id, const Progress& progress) {
  return progress_frame(id, {{"message", progress.message}, {"level", "info"}});
}

Result<Asked> ExaiSession::ask(const rpc::Id&, const Question&) {
  return fail(Errc::denied, "this client cannot be asked: the EXAI protocol has no questions");
}

std::optional<Reply> ExaiSession::finish(const rpc::Id& id, const Result<Outcome>& outcome) {
  const auto* request = std::get_if<std::string>(&id);
  const auto found = request ? calls_.find(*request) : calls_.end();
  if (found == calls_.end()) return std::nullopt;
  const Call call = std::move(found->second);
  calls_.erase(found);
  server_.ledger.end(session_id_, *request, call.key);
  if (call.cancelled) {
    json::object frame = exai_frame("call_tool_res", *request);
    frame["outputs"] = json::array();
    frame["error"] = exai_error("CANCELLED", "the call was cancelled, and its tool has stopped");
    return Reply{to_text(frame), "tools/call", 0};
  }
  const json::object members = result_members(outcome, server_.options.compat_text);
  std::string text = members_text(members);
  std::string frame = result_frame(*request, text);
  const bool ran = !outcome || !std::holds_alternative<Refusal>(*outcome);
  const bool stopped_by_us = !outcome && (outcome.error().code() == Errc::unavailable ||
                                          outcome.error().code() == Errc::cancelled);
  if (ran && !stopped_by_us)
    server_.ledger.keep(session_id_, *request, is_error_result(members) ? "" : call.key,
                        std::move(text), server_.clock.now());
  return Reply{std::move(frame), "tools/call", 0};
}

}  // namespace exai::mcp
