#pragma once
// A provider that answers from a script and remembers what it was asked.

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
  }

  const ProviderInfo& info() const override { return info_; }

  Task<Reply> chat(ChatRequest request, std::function<void(const Delta&)> on_delta) override {
    asked.push_back(std::move(request));
    for (const Delta& delta : deltas) on_delta(delta);
    co_return answer;
  }

  std::vector<ChatRequest> asked;
  std::vector<Delta> deltas;
  Reply answer = ChatReply{"yes", "", "stop", "", std::nullopt};

 private:
  ProviderInfo info_;
};

}  // namespace exai::providers
