#pragma once
// What an AI provider is to the rest of the daemon: a name, its models, and one call that streams.
// openai.hpp implements it for every server that speaks the OpenAI chat API; router.hpp chooses
// one; retry.hpp asks again.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/loop.hpp"

namespace exai::providers {

// Why a call failed, as the caller must react to it. Decided by status and error code, never by
// words in a message.
enum class Failure {
  rate_limited,  // too fast: again after retry_after
  exhausted,     // quota or balance is used up: waiting seconds does not help
  auth,          // key refused, or it may not do this
  invalid,       // the request is wrong: again gives the same
  overloaded,    // the provider has no capacity now
  server,        // the provider's fault
  network,       // no answer: refused, reset, timed out
  truncated,     // the answer ended in the middle
};
std::string_view name(Failure failure);  // "rate_limited", …: stable, for metrics and logs

struct ProviderError {
  Failure failure = Failure::server;
  std::string message;  // for people; ends without a full stop
  std::optional<Duration> retry_after = std::nullopt;

  friend bool operator==(const ProviderError&, const ProviderError&) = default;
};

// How a model is told how long to think.
enum class Thinking {
  fixed,   // it is not
  toggle,  // "thinking": {"type": "enabled" or "disabled"}
  effort,  // "reasoning_effort": "low", "high" or "max"
};

struct Model {
  std::string id;
  std::int64_t context = 0;     // tokens; 0: not known
  std::int64_t max_output = 0;  // tokens; 0: not known
  std::vector<std::string> aliases;
  bool fixed_sampling = false;  // refuses a temperature
  Thinking thinking = Thinking::fixed;
};

struct ProviderInfo {
  std::string name;   // "kimi": in metrics, and before the slash in "kimi/model"
  std::string title;  // "Kimi"
  std::string base_url;
  std::string default_model;  // empty: none, a call must name its model
  std::vector<Model> models;
};

struct ChatMessage {
  std::string role;  // system, user, assistant
  std::string content;
  std::vector<std::string> images = {};  // data URLs, behind the content
};

struct ChatRequest {
  std::string model;
  std::vector<ChatMessage> messages;
  std::optional<double> temperature;
  // minimal, low, medium, high or max; models that cannot be told are not. Empty: the model's own.
  std::string thinking_mode;
  json::object extra;  // more members of the body: the provider's own, for its quirks
};

struct Usage {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t cached = 0;  // part of input
  friend bool operator==(const Usage&, const Usage&) = default;
};

struct ChatReply {
  std::string text;
  std::string reasoning;      // thinking, when the model shows it
  std::string finish_reason;  // stop, length, … as the provider says it
  std::string model;          // as the provider says it
  std::optional<Usage> usage;
  friend bool operator==(const ChatReply&, const ChatReply&) = default;
};

// A piece of an answer, as it arrives.
struct Delta {
  std::string text;
  std::string reasoning;
  friend bool operator==(const Delta&, const Delta&) = default;
};

class Provider {
 public:
  virtual ~Provider() = default;
  virtual const ProviderInfo& info() const = 0;
  // `on_delta` is called on the loop for each piece, before this returns the whole.
  virtual Task<tl::expected<ChatReply, ProviderError>> chat(
      ChatRequest request, std::function<void(const Delta&)> on_delta) = 0;
};

}  // namespace exai::providers
