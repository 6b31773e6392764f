#pragma once
// What the front-ends of both eras have in common: one end of a conversation with a client, without
// any I/O. Text comes in, outputs go out; a runner sends the replies, runs the calls and reports
// what became of them. Pure.
//
//   client ──text──▶ receive() ──▶ Reply       send it
//                              ──▶ StartCall   run it; progress(), log(), ask(); then finish()
//                              ──▶ CancelCall  cancel it; finish() is still expected
//                              ──▶ Answered    the client answered what ask() gave out
//                              ──▶ Listen      it waits for changes (stateless era)
//
// A call may go on as a task (tasks.hpp): become_task() ends it for the front-end it came from.
//
// A call that must wait for its turn is told of by waiting(), one whose turn it is by admitted();
// one that never had a turn finishes with a Refusal.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/rpc.hpp"
#include "daemon/mcp/mcp.hpp"

namespace exai::mcp {

struct TaskEntry;

// A message for the client.
struct Reply {
  std::string text;
  std::string method;  // what it answers: "tools/list", "batch"; empty: an unreadable request
  int code = 0;        // of the JSON-RPC error; 0: a result

  friend bool operator==(const Reply&, const Reply&) = default;
};

// Run this, and tell the front-end about it.
struct StartCall {
  rpc::Id id;
  std::string method;      // "tools/call", "resources/read" or "prompts/get"
  std::string name;        // of the tool or prompt; the URI of a resource
  json::object arguments;  // of a tool or prompt
  bool wants_progress = false;
  TaskUse tasks = TaskUse::never;  // the tool's, when the client takes tasks

  friend bool operator==(const StartCall&, const StartCall&) = default;
};

struct CancelCall {
  rpc::Id id;
  std::string session = {};  // that the call is of; empty: the one that says this

  friend bool operator==(const CancelCall&, const CancelCall&) = default;
};

struct Answered {
  rpc::Id id;  // of the request that ask() made
  Result<json::object> answer;
  std::string session = {};  // that asked; empty: the one that says this

  friend bool operator==(const Answered&, const Answered&) = default;
};

// Send the acknowledgement, how things are now, and changes until the client goes.
struct Listen {
  rpc::Id id;
  std::string acknowledgement;
  std::vector<std::string> now = {};

  friend bool operator==(const Listen&, const Listen&) = default;
};

using Output = std::variant<Reply, StartCall, CancelCall, Answered, Listen>;

// A request to the client: send the text and wait for an Answered with this id.
struct SentQuestion {
  rpc::Id id;
  std::string text;
};
using Asked = std::variant<SentQuestion, json::object>;  // or the answer, when it is known already

// The call was not run: some limit is reached. To be sent again later, by the program and not by
// the model, so MCP clients get it as an error of the protocol and not as a result of the tool.
struct Refusal {
  std::string limit;  // "global", "provider", "session", "conversation", "queue", "memory",
                      // "global_rate", …
  std::string message;
  Duration retry_after{};
};

// What a call gave: the result of a tool, or the members of another method's result.
using Outcome = std::variant<ToolResult, json::object, Refusal>;

class FrontEnd {
 public:
  virtual ~FrontEnd() = default;

  // What one text from the client leads to. A notification may lead to nothing.
  virtual std::vector<Output> receive(std::string_view text) = 0;

  // The notification to send; nothing when nobody asked, the call is over or the value did not
  // grow.
  virtual std::optional<std::string> progress(const rpc::Id& call, const Progress& progress) = 0;
  // The same; nothing when the client wants no messages of that level.
  virtual std::optional<std::string> log(const rpc::Id& call, const LogMessage& message) const = 0;

  // The notifications to send when a call waits for its turn, when its turn has come and may last
  // that long, and while it lasts, as often as heartbeat_every() says (0: never).
  virtual std::optional<std::string> waiting(const rpc::Id&, std::string_view /*for_what*/) {
    return std::nullopt;
  }
  virtual std::optional<std::string> admitted(const rpc::Id&, Duration /*limit*/) {
    return std::nullopt;
  }
  virtual Duration heartbeat_every() const { return {}; }
  virtual std::optional<std::string> heartbeat(const rpc::Id&) { return std::nullopt; }

  virtual const json::object& capabilities() const = 0;  // that the client declares
  // Errors: denied (undeclared), unavailable (the answer comes with another request; end the call).
  virtual Result<Asked> ask(const rpc::Id& call, const Question& question) = 0;
  // Nobody waits for the answer any more. Returns: the notification that says so.
  virtual std::optional<std::string> give_up(const rpc::Id& question) = 0;

  // A call has ended, by whatever way.
  virtual std::optional<Reply> finish(const rpc::Id& call, const Result<Outcome>& outcome) = 0;
  // The call goes on as that task, and is over here. Only for one that was started as such.
  virtual std::optional<Reply> become_task(const rpc::Id&, const TaskEntry&) {
    return std::nullopt;
  }
};

// The parameters of a request that runs as a call, and its progress token (null: none). Takes the
// arguments out of the request. Errors: invalid, in words for the client.
struct CallRequest {
  StartCall start;
  json::value token;
};
Result<CallRequest> read_call(rpc::Request& request);
bool is_call(std::string_view method);

// What the client would have to declare to be asked that, as capabilities; empty: it does.
// Elicitation of forms and of URLs (2025-11-25 and later) are declared apart, and before that there
// were forms only.
json::object missing_capability(const json::object& declared, const Question& question);
tl::unexpected<Error> refuse_to_ask(const Question& question);
// Whether the client's answer has at least what one to that question must have.
bool is_answer(const Question& question, const json::object& answer);

// The request that notifications/cancelled names.
std::optional<rpc::Id> cancelled_id(const json::object& params);

// completion/complete: the whole of its result. Errors: invalid, not_found.
Result<json::object> completion_result(const Source& source, const json::object& params);

Reply reply_with(const rpc::Response& response, std::string method);
Reply refuse(const rpc::Request& request, int code, std::string message,
             json::value data = nullptr);
Reply reject(rpc::Rejection rejection);

}  // namespace exai::mcp
