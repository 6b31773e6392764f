#pragma once
// How models search the web, pure. GLM has a tool of its own, which runs on its side, and an
// endpoint without a model. Kimi's model calls a function "$web_search", whose arguments it wants
// back as they are: the search happens when it gets them.
//
//   ask ──▶ reply calls $web_search ──▶ the call and its arguments join the messages ──▶ ask again
//              └─ it answers, calls something else, fails, or has searched five times ──▶ over

#include "daemon/providers/file_wire.hpp"
#include "daemon/providers/provider.hpp"

namespace exai::providers {

void add_search_tool(WebSearch how, json::array& tools);

class EchoedSearch {
 public:
  static constexpr int kMostRounds = 5;

  explicit EchoedSearch(bool on) : on_(on) {}
  // Whether the request, to which what follows from the reply has been added, is to be asked again.
  // At the end the reply has the tokens of all rounds; one that still searches is a failure.
  bool goes_on(Outcome<ChatReply>& reply, ChatRequest& request);

 private:
  bool on_;
  int rounds_ = 0;
  std::optional<Usage> spent_;
};

WireRequest search_request(const SearchQuery& query);
// Errors: server, an answer without search_result.
Outcome<std::vector<SearchHit>> search_hits(const std::string& body);

}  // namespace exai::providers
