#include "daemon/providers/retry.hpp"

#include <algorithm>
#include <random>

#include "core/base/text.hpp"

namespace exai::providers {
namespace {

using Reply = tl::expected<ChatReply, ProviderError>;

bool may_pass(Failure failure) {
  return failure == Failure::rate_limited || failure == Failure::overloaded ||
         failure == Failure::server || failure == Failure::network;
}

class RetryingProvider final : public Provider {
 public:
  RetryingProvider(std::unique_ptr<Provider> inner, Clock& clock, Log log, RetrySettings settings,
                   Lot lot)
      : inner_(std::move(inner)),
        clock_(clock),
        log_(std::move(log)),
        settings_(settings),
        lot_(std::move(lot)) {}

  const ProviderInfo& info() const override { return inner_->info(); }

  Task<Reply> chat(ChatRequest request, std::function<void(const Delta&)> on_delta) override {
    const auto begun = std::make_shared<bool>(false);
    const std::function<void(const Delta&)> watched = [begun, on_delta](const Delta& delta) {
      *begun = true;
      on_delta(delta);
    };
    for (int attempt = 1;; ++attempt) {
      ChatRequest again = request;
      std::function<void(const Delta&)> listener = watched;
      Reply reply = co_await inner_->chat(std::move(again), std::move(listener));
      if (reply || *begun || attempt >= settings_.attempts) co_return reply;
      const auto pause = pause_after(reply.error(), attempt);
      if (!pause) co_return reply;
      log_.info("asking again", {{"attempt", attempt + 1},
                                 {"reason", name(reply.error().failure)},
                                 {"pause", format_duration(*pause)}});
      co_await clock_.sleep_for(*pause);
    }
  }

  // Of these the first answer counts: who wants it once more calls again.
  Task<Outcome<std::string>> send_file(FileToSend file) override {
    return inner_->send_file(std::move(file));
  }
  Task<Outcome<std::string>> text_of_file(std::string id) override {
    return inner_->text_of_file(std::move(id));
  }
  Task<Outcome<>> remove_file(std::string id) override {
    return inner_->remove_file(std::move(id));
  }
  Task<Outcome<std::vector<SearchHit>>> search(SearchQuery query) override {
    return inner_->search(std::move(query));
  }

 private:
  // None: asking again is of no use.
  std::optional<Duration> pause_after(const ProviderError& error, int attempt) const {
    const Duration wanted = error.retry_after.value_or(Duration{});
    if (!may_pass(error.failure) || wanted > settings_.longest_pause) return std::nullopt;
    const Duration most =
        std::min(settings_.first_pause * (1 << std::min(attempt - 1, 16)), settings_.longest_pause);
    const auto drawn = static_cast<std::int64_t>(lot_() * static_cast<double>(most.count()));
    return std::max(wanted, Duration(drawn));
  }

  std::unique_ptr<Provider> inner_;
  Clock& clock_;
  Log log_;
  RetrySettings settings_;
  Lot lot_;
};

}  // namespace

Lot random_lot() {
  return [engine = std::mt19937(std::random_device()())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

std::unique_ptr<Provider> make_retrying_provider(std::unique_ptr<Provider> inner, Clock& clock,
                                                 Log log, RetrySettings settings, Lot lot) {
  return std::make_unique<RetryingProvider>(std::move(inner), clock, std::move(log), settings,
                                            std::move(lot));
}

}  // namespace exai::providers
