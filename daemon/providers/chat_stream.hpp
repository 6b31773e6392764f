#pragma once
// The wire side of the OpenAI chat API, pure: the request's body, the stream of chunks, the errors.
// Written for what servers really send, not for what the documentation says:
//
//   [DONE] may be missing            the end of the body after a finish_reason is an end too
//   an error may come in a 200       data: {"error":{…}}
//   thinking has two names           delta.reasoning_content, delta.reasoning
//   usage has two places             top level, choices[0].usage; or an extra chunk without choices
//   stream:true may be ignored       one JSON body with choices[0].message
//   CRLF, comments, no blank line before the end of the body
//   the end without any of the above = truncated

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/http.hpp"
#include "core/base/json.hpp"
#include "daemon/providers/provider.hpp"

namespace exai::providers {

// The body of POST /chat/completions, streaming.
std::string chat_body(const ChatRequest& request);

// The failure that an answer means. `body` is the JSON of the error, or any other text. Codes in
// the body win over the status: a 429 may mean too fast, no money, or no capacity.
ProviderError classify(int status, const HeaderMap& headers, std::string_view body);

enum class Framing { events, whole_body };

class ChatStream {
 public:
  explicit ChatStream(Framing framing) : framing_(framing) {}

  // Bytes of the body in any cut → what they add to the answer.
  std::vector<Delta> feed(std::string_view bytes);
  // Nothing more will matter: [DONE] or an error was seen.
  bool done() const { return done_; }
  // At the end of the body.
  tl::expected<ChatReply, ProviderError> finish();

 private:
  void drain(std::vector<Delta>& deltas);
  void take_event(std::string_view data, std::vector<Delta>& deltas);
  void take_chunk(const json::object& chunk, std::vector<Delta>& deltas);
  void take_choice(const json::object& choice, std::vector<Delta>& deltas);
  void take_tool_calls(const json::array& pieces);

  static constexpr std::int64_t kMostToolCalls = 128;

  Framing framing_;
  SseParser events_;
  std::string whole_;
  ChatReply reply_;
  std::optional<ProviderError> error_;
  bool done_ = false;
  bool ended_ = false;  // the body is over; what is half now stays half
};

}  // namespace exai::providers
