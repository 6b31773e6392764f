#pragma once
// One MCP session of the handshake era (2024-11-05 to 2025-11-25), without any I/O: text in,
// outputs out. The transport sends the replies, runs the calls and reports what became of them.
//
//              initialize                 notifications/initialized, or any request but ping
//     fresh ───────────────▶ initializing ────────────────────────────────────────▶ open
//       ping                    ping                                 ping tools/list tools/call
//
// A request that the state does not allow is refused with -32600. Clients exist that never send
// `initialized`, and over HTTP it may overtake nothing, so any later request opens the session too.
//
// A call lives from StartCall until finish(). A cancelled one (notifications/cancelled) keeps its
// id in use until then and gets no reply. A batch (2025-03-26 only) is answered by one reply when
// the last of its calls has finished.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/rpc.hpp"
#include "daemon/mcp/mcp.hpp"
#include "daemon/mcp/protocol.hpp"

namespace exai::mcp {

// A message for the client.
struct Reply {
  std::string text;
  std::string method;  // what it answers: "tools/list", "batch"; empty: an unreadable request
  int code = 0;        // of the JSON-RPC error; 0: a result

  friend bool operator==(const Reply&, const Reply&) = default;
};

// Run this tool, and tell progress() and finish() about it.
struct StartCall {
  rpc::Id id;
  std::string tool;
  json::object arguments;
  bool wants_progress = false;

  friend bool operator==(const StartCall&, const StartCall&) = default;
};

// Cancel that call. finish() is still expected.
struct CancelCall {
  rpc::Id id;

  friend bool operator==(const CancelCall&, const CancelCall&) = default;
};

using Output = std::variant<Reply, StartCall, CancelCall>;

class Session {
 public:
  enum class State { fresh, initializing, open };

  // Lifetime: `server` and `tools` outlive the session.
  Session(const ServerInfo& server, const std::vector<ToolInfo>& tools, std::size_t max_in_flight);

  // What one text from the client leads to. A notification may lead to nothing.
  std::vector<Output> receive(std::string_view text);

  // The notification to send; nothing when nobody asked, the call is over or the value did not
  // grow.
  std::optional<std::string> progress(const rpc::Id& id, const Progress& progress);

  // A call has ended, by whatever way. Errors of the tool source become JSON-RPC errors:
  // not_found and invalid -32602, unavailable and cancelled (by us) -31001, conflict -31002, else
  // -32603.
  std::optional<Reply> finish(const rpc::Id& id, const Result<ToolResult>& result);

  State state() const { return state_; }
  std::string_view version() const { return version_; }
  const std::string& client() const { return client_; }  // "claude-code 2.1", for people
  std::size_t in_flight() const { return calls_.size(); }

 private:
  struct Batch;
  struct Call {
    json::value token;  // null: no progress wanted
    double progress = 0;
    bool reported = false;
    bool cancelled = false;
    std::shared_ptr<Batch> batch;
  };

  void receive_batch(const json::array& messages, std::vector<Output>& outputs);
  std::optional<Output> receive_message(rpc::Message message);
  Output receive_request(rpc::Request request);
  std::optional<Output> receive_notification(const rpc::Request& notification);
  Output initialize(const rpc::Request& request);
  Output list_tools(const rpc::Request& request) const;
  Output start_call(rpc::Request request);

  const ServerInfo& server_;
  const std::vector<ToolInfo>& tools_;
  const std::size_t max_in_flight_;
  State state_ = State::fresh;
  std::string_view version_;
  std::string client_;
  std::map<rpc::Id, Call> calls_;
};

}  // namespace exai::mcp
