#pragma once
// The EXAI WebSocket protocol: one JSON object with an "op" in each text frame. A connection is one
// session, without any I/O: frames in, outputs out (front_end.hpp). It serves clients of the system
// that EXAI replaces; MCP clients ask for the subprotocol "mcp" instead.
//
//   first frame:  hello {token?, jwt?, session_id?} ──▶ hello_ack {ok, session_id | error}
//   then:         list_tools · call_tool · cancel · ping · health · rotate_token, in any order
//
// A call, and the frames that it leads to:
//
//   call_tool ──▶ refused: call_tool_res with an error
//      ├─ progress {note}          it waits for its turn
//      ▼
//   call_tool_ack                  exactly once, when all permits are held
//      ├─ progress                 every so often, and after each of the tool's own messages
//      ▼
//   call_tool_res {outputs, text?, error?}   exactly once
//
// Each frame says its op, and the request_id of what it answers (null when that could not be read).
// cancel is answered by `cancelled` at once; the call's call_tool_res comes when the tool has
// really stopped. A request that is sent again is replayed or recognised (exai_ledger.hpp); a call
// that is refused leaves no trace, so that it may be sent again.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
#include "daemon/mcp/exai_ledger.hpp"
#include "daemon/mcp/front_end.hpp"

namespace exai::mcp {

struct ExaiOptions {
  Duration hello_timeout = 15s;
  Duration heartbeat = 5s;
  Duration keep_results = 600s;
  bool compat_text = true;               // results have all texts once more as one
  std::vector<std::string> never_share;  // tools of which equal calls all run
  std::size_t max_in_flight = 1000;      // calls of one connection, those that wait among them
};

// What the first frame leads to.
struct ExaiGreeting {
  std::string reply;
  std::string session_id;  // of the client if it is one, else the fresh one
  int close_code = 0;      // 0: welcome
  std::string reason;
};
// Who may come in, by the token and the JWT they show (empty: they do not). Returns: empty, or the
// word that turns them away, "unauthorized" or "jwt_required".
using ExaiGuard = std::function<std::string(Secret token, Secret jwt)>;
ExaiGreeting greet_exai(std::string_view first_frame, const ExaiGuard& guard, std::string fresh_id);

// What a session says of the whole server, and changes of it.
class ExaiHost {
 public:
  virtual ~ExaiHost() = default;
  virtual json::object health() const = 0;
  // Errors: denied, invalid.
  virtual Result<> rotate_token(const Secret& old, const Secret& fresh) = 0;
};

class ExaiSession final : public FrontEnd {
 public:
  // What all sessions share. Lifetime: outlives them.
  struct Server {
    const ExaiOptions& options;
    const Source& source;
    const Clock& clock;
    ExaiLedger& ledger;
    ExaiHost& host;
  };

  // `connection` is unique in the process; several may have the same session id.
  ExaiSession(Server server, std::string session_id, std::uint64_t connection)
      : server_(server), session_id_(std::move(session_id)), connection_(connection) {}
  ~ExaiSession() override;
  ExaiSession(const ExaiSession&) = delete;
  ExaiSession& operator=(const ExaiSession&) = delete;

  std::vector<Output> receive(std::string_view text) override;
  std::optional<std::string> waiting(const rpc::Id& id, std::string_view for_what) override;
  std::optional<std::string> admitted(const rpc::Id& id, Duration limit) override;
  Duration heartbeat_every() const override { return server_.options.heartbeat; }
  std::optional<std::string> heartbeat(const rpc::Id& id) override;
  std::optional<std::string> progress(const rpc::Id& id, const Progress& progress) override;
  std::optional<std::string> log(const rpc::Id&, const LogMessage&) const override { return {}; }
  const json::object& capabilities() const override { return no_capabilities_; }
  Result<Asked> ask(const rpc::Id& id, const Question& question) override;
  std::optional<std::string> give_up(const rpc::Id&) override { return {}; }
  std::optional<Reply> finish(const rpc::Id& id, const Result<Outcome>& outcome) override;

 private:
  struct Call {
    std::string name;
    std::string key;  // by which it is shared; empty: by none
    bool acknowledged = false;
    bool cancelled = false;
  };

  std::vector<Output> receive_op(const std::string& op, const json::object& frame);
  Output list_tools(const json::object& frame) const;
  Output call_tool(const json::object& frame);
  Output start(std::string request, std::string name, const json::object& arguments);
  std::vector<Output> cancel(const json::object& frame);
  Output rotate_token(const json::object& frame);
  Call* running(const rpc::Id& id);
  std::optional<std::string> progress_frame(const rpc::Id& id, json::object more);
  std::string call_key(const ToolInfo& tool, const json::object& arguments) const;
  json::object outcome_members(const Result<Outcome>& outcome) const;

  Server server_;
  std::string session_id_;
  std::uint64_t connection_;
  std::uint64_t unnamed_ = 0;          // calls that came without a request_id
  std::map<std::string, Call> calls_;  // by request_id
  json::object no_capabilities_;
};

// The name without what clients of the old system append to it: "chat_EXAI-WS" is chat.
std::string clean_tool_name(std::string_view name);
// The same text for equal values, whatever the order of members.
std::string canonical_json(const json::value& value);

}  // namespace exai::mcp
