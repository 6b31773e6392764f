#pragma once
// What an AI provider is to the rest of the daemon: a name, its models, one call that streams, and
// what some of them do beyond that: keep files, make text of them, search the web. openai.hpp
// implements it for every server that speaks the OpenAI chat API; router.hpp chooses one; retry.hpp
// asks again.

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

// How a provider lets a model search the web.
enum class WebSearch {
  none,
  echoed,    // Kimi: it calls a function of its own, whose arguments are to be sent back to it
  built_in,  // GLM: a tool of its own, and an endpoint without a model
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
  WebSearch web_search = WebSearch::none;
  std::string file_purpose = {};  // that files are sent for; empty: it takes none
  bool makes_text_of_files = false;
};

struct ChatMessage {
  std::string role;  // system, user, assistant
  std::string content;
  std::vector<std::string> images = {};  // data URLs, behind the content
  json::object extra = {};               // more members: tool_calls, tool_call_id, …
};

struct ChatRequest {
  std::string model;
  std::vector<ChatMessage> messages;
  std::optional<double> temperature;
  // minimal, low, medium, high or max; models that cannot be told are not. Empty: the model's own.
  std::string thinking_mode = {};
  bool search_web = false;       // only where the provider can
  json::array tools = {};        // functions that the model may call, as the API has them
  json::value tool_choice = {};  // null: the model decides
  json::object extra = {};       // more members of the body: the provider's own, for its quirks
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
  json::array tool_calls = {};   // of the functions that the request named, as the API has them
  json::array web_results = {};  // what a built-in search found, as the API has it
  friend bool operator==(const ChatReply&, const ChatReply&) = default;
};

struct FileToSend {
  std::string name;
  std::string type;
  std::string bytes;
};

struct SearchQuery {
  std::string words;
  std::int64_t count = 10;
  std::string engine;   // empty: the provider's default
  std::string domain;   // only there; empty: everywhere
  std::string recency;  // oneDay, oneWeek, oneMonth, oneYear; empty: any time
};

struct SearchHit {
  std::string title;
  std::string url;
  std::string text;
  std::string site;
  std::string published;
  friend bool operator==(const SearchHit&, const SearchHit&) = default;
};

template <class T = void>
using Outcome = tl::expected<T, ProviderError>;

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

  // The rest is only there where info() says so; else it fails as `invalid`.
  // Gives the id that the file has there.
  virtual Task<Outcome<std::string>> send_file(FileToSend file);
  virtual Task<Outcome<std::string>> text_of_file(std::string id);
  virtual Task<Outcome<>> remove_file(std::string id);
  virtual Task<Outcome<std::vector<SearchHit>>> search(SearchQuery query);
};

}  // namespace exai::providers
