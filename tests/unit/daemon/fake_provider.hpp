#pragma once
// A provider that answers from a script and remembers what it was asked.

#include <set>

#include "daemon/providers/models.hpp"
#include "daemon/providers/provider.hpp"

namespace exai::providers {

class FakeProvider final : public Provider {
 public:
  using Reply = tl::expected<ChatReply, ProviderError>;

  explicit FakeProvider(std::string name, std::string default_model = "") {
    info_.name = name;
    info_.title = name == "glm" ? "GLM" : name == "kimi" ? "Kimi" : "Custom";
    info_.default_model = std::move(default_model);
    info_.models = known_models(name);
    info_.base_url = "https://" + name + ".example/v1";
    info_.web_search = name == "kimi"  ? WebSearch::echoed
                       : name == "glm" ? WebSearch::built_in
                                       : WebSearch::none;
    if (info_.web_search != WebSearch::none) info_.file_purpose = "file-extract";
    info_.makes_text_of_files = name == "kimi";
  }

  const ProviderInfo& info() const override { return info_; }

  Task<Reply> chat(ChatRequest request, std::function<void(const Delta&)> on_delta) override {
    asked.push_back(std::move(request));
    for (const Delta& delta : deltas) on_delta(delta);
    co_return answer;
  }

  Task<Outcome<std::string>> send_file(FileToSend file) override {
    sent.push_back(std::move(file));
    co_return fmt::format("f-{}", sent.size());
  }
  Task<Outcome<std::string>> text_of_file(std::string id) override {
    if (gone.contains(id))
      co_return tl::unexpected(ProviderError{Failure::invalid, "HTTP 404: no file", {}});
    co_return "text of " + id;
  }
  Task<Outcome<>> remove_file(std::string id) override {
    gone.insert(std::move(id));
    co_return Outcome<>();
  }
  Task<Outcome<std::vector<SearchHit>>> search(SearchQuery query) override {
    if (info_.web_search != WebSearch::built_in)
      co_return co_await Provider::search(std::move(query));
    std::vector<SearchHit> hits{{query.words, "https://a.example", "a text", "A", ""}};
    co_return hits;
  }

  std::vector<FileToSend> sent;
  std::set<std::string> gone;
  std::vector<ChatRequest> asked;
  std::vector<Delta> deltas;
  Reply answer = ChatReply{"yes", "", "stop", "", std::nullopt};

 private:
  ProviderInfo info_;
};

}  // namespace exai::providers
