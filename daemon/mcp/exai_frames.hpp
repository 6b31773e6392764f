#pragma once
// The shapes of the EXAI protocol's frames. Pure. exai_session.hpp says when each of them is sent.
//
//   {"op":"call_tool_res","request_id":"7","outputs":[{"type":"text","text":"hello"}],"text":"hello"}
//   {"op":"error","request_id":null,"error":{"code":"INVALID_REQUEST","message":"…"},"message":"…"}

#include <string>
#include <string_view>

#include "daemon/mcp/front_end.hpp"

namespace exai::mcp {

// Every frame begins so; a request that named no request_id is answered with null.
json::object exai_frame(std::string_view op, json::value request_id);
json::object exai_frame(std::string_view op, const std::string& request_id);
// What the frame says of itself, when it is short and no object; else null.
json::value request_id_of(const json::object& frame);

json::object exai_error(std::string_view code, std::string message);
json::object over_capacity_error(const Refusal& refusal);
json::object error_frame(json::value request_id, std::string_view code, const std::string& message);
json::object progress_members(const std::string& request, const std::string& tool, WallTime now,
                              json::object more);

// What a call gave: outputs, text, error. Without op and request_id, so that it can be replayed.
json::object result_members(const Result<Outcome>& outcome, bool with_text);
std::string members_text(const json::object& members);  // without the braces
std::string result_frame(std::string_view request, std::string_view members,
                         std::string_view more = {});

double unix_time(WallTime time);  // seconds

}  // namespace exai::mcp
