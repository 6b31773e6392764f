#pragma once
// One MCP session of the handshake era (2024-11-05 to 2025-11-25), without any I/O: text in,
// outputs out (front_end.hpp).
//
//              initialize                 notifications/initialized, or any request but ping
//     fresh ───────────────▶ initializing ────────────────────────────────────────▶ open
//       ping                    ping                                     ping and all the rest
//
// A request that the state does not allow is refused with -32600. Clients exist that never send
// `initialized`, and over HTTP it may overtake nothing, so any later request opens the session too.
//
// A call lives from StartCall until finish(). A cancelled one (notifications/cancelled) keeps its
// id in use until then and gets no reply. A batch (2025-03-26 only) is answered by one reply when
// the last of its calls has finished. Log messages are sent from the level on that the client has
// set (logging/setLevel), and none before it has.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/mcp/front_end.hpp"
#include "daemon/mcp/protocol.hpp"

namespace exai::mcp {

class Session final : public FrontEnd {
 public:
  enum class State { fresh, initializing, open };

  // Lifetime: `server` and `source` outlive the session.
  Session(const ServerInfo& server, const Source& source, std::size_t max_in_flight);

  std::vector<Output> receive(std::string_view text) override;
  std::optional<std::string> progress(const rpc::Id& id, const Progress& progress) override;
  std::optional<std::string> log(const rpc::Id& id, const LogMessage& message) const override;
  const json::object& capabilities() const override { return capabilities_; }
  Result<Asked> ask(const rpc::Id& id, const Question& question) override;
  std::optional<std::string> give_up(const rpc::Id& question) override;

  // Errors of the source become those of call_error(); a resource that is not there -32002.
  std::optional<Reply> finish(const rpc::Id& id, const Result<Outcome>& outcome) override;

  // The notification to send; nothing when this client did not ask to be told.
  std::optional<std::string> changed(const Change& change) const;

  State state() const { return state_; }
  std::string_view version() const { return version_; }
  const std::string& client() const { return client_; }  // "claude-code 2.1", for people
  std::size_t in_flight() const { return calls_.size(); }

 private:
  struct Batch;
  struct Call {
    std::string method;
    json::value token;  // null: no progress wanted
    double progress = 0;
    bool reported = false;
    bool cancelled = false;
    std::shared_ptr<Batch> batch;
  };

  void receive_batch(const json::array& messages, std::vector<Output>& outputs);
  std::optional<Output> receive_message(rpc::Message message);
  std::optional<Output> receive_response(rpc::Response response);
  Output receive_request(rpc::Request& request);
  std::optional<Output> receive_notification(const rpc::Request& notification);
  Output initialize(const rpc::Request& request);
  Output answer(const rpc::Request& request);
  Output start_call(rpc::Request& request);
  Result<json::object> set_level(const json::object& params);
  Result<json::object> subscribe(const json::object& params);
  Result<json::object> unsubscribe(const json::object& params);

  const ServerInfo& server_;
  const Source& source_;
  const std::size_t max_in_flight_;
  State state_ = State::fresh;
  std::string_view version_;
  std::string client_;
  json::object capabilities_;  // the client's
  std::map<rpc::Id, Call> calls_;
  std::optional<Severity> level_;
  std::set<std::string, std::less<>> subscribed_;  // URIs
  std::set<rpc::Id> asked_;                        // our requests that wait for their answers
  std::int64_t questions_ = 0;                     // asked ever
};

}  // namespace exai::mcp
