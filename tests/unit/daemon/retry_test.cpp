#include "daemon/providers/retry.hpp"

#include <catch2/catch.hpp>

namespace exai::providers {
namespace {

using Reply = tl::expected<ChatReply, ProviderError>;

// Answers what the script says, one after the other; a piece of text first when told so.
class Scripted final : public Provider {
 public:
  explicit Scripted(std::vector<Reply> answers) : answers_(std::move(answers)) {}
  const ProviderInfo& info() const override { return info_; }
  Task<Reply> chat(ChatRequest, std::function<void(const Delta&)> on_delta) override {
    const Reply answer = answers_.at(static_cast<std::size_t>(asked++));
    if (speaks_first) on_delta({"a", ""});
    co_return answer;
  }
  int asked = 0;
  bool speaks_first = false;

 private:
  ProviderInfo info_{"test", "Test", "", "", {}};
  std::vector<Reply> answers_;
};

Reply refusal(Failure failure, std::optional<Duration> after = std::nullopt) {
  return tl::unexpected(ProviderError{failure, "no", after});
}

struct Bench {
  Loop loop;
  FakeClock clock{loop};
  TaskGroup tasks{loop, Log()};
  Scripted* inner;
  std::unique_ptr<Provider> provider;
  std::optional<Reply> reply;

  Bench(std::vector<Reply> answers, int attempts) {
    auto scripted = std::make_unique<Scripted>(std::move(answers));
    inner = scripted.get();
    provider = make_retrying_provider(std::move(scripted), clock, Log(), {attempts, 500ms, 2s},
                                      [] { return 1.0; });
  }
  ~Bench() {
    tasks.cancel();
    clock.advance(0ms);
  }
  Task<> ask() {
    std::function<void(const Delta&)> ignore = [](const Delta&) {};
    ChatRequest request;
    reply = co_await provider->chat(std::move(request), std::move(ignore));
  }
  void start() {
    tasks.spawn("chat", ask());
    clock.advance(0ms);
  }
};

const Reply kYes = ChatReply{"yes", "", "stop", "", std::nullopt};

}  // namespace

TEST_CASE("a provider that is overloaded is asked again, after longer and longer pauses") {
  Bench bench({refusal(Failure::overloaded), refusal(Failure::server), kYes}, 3);
  bench.start();
  CHECK(bench.inner->asked == 1);
  bench.clock.advance(499ms);
  CHECK(bench.inner->asked == 1);
  bench.clock.advance(1ms);
  CHECK(bench.inner->asked == 2);
  bench.clock.advance(999ms);
  CHECK(bench.inner->asked == 2);
  bench.clock.advance(1ms);
  REQUIRE(bench.reply);
  CHECK((*bench.reply)->text == "yes");
}

TEST_CASE("the last attempt's failure is the answer") {
  Bench bench({refusal(Failure::network), refusal(Failure::server)}, 2);
  bench.start();
  bench.clock.advance(1s);
  REQUIRE(bench.reply);
  CHECK(bench.reply->error().failure == Failure::server);
}

TEST_CASE("what asking again cannot help is not asked again") {
  const auto failure =
      GENERATE(Failure::auth, Failure::invalid, Failure::exhausted, Failure::truncated);
  Bench bench({refusal(failure)}, 5);
  bench.start();
  REQUIRE(bench.reply);
  CHECK(bench.reply->error().failure == failure);
}

TEST_CASE("an answer that has begun is not begun again") {
  Bench bench({refusal(Failure::network)}, 5);
  bench.inner->speaks_first = true;
  bench.start();
  REQUIRE(bench.reply);
  CHECK(bench.inner->asked == 1);
}

TEST_CASE("the pause is as long as the provider wants, up to the longest") {
  Bench patient({refusal(Failure::rate_limited, 2s), kYes}, 2);
  patient.start();
  patient.clock.advance(1999ms);
  CHECK(patient.inner->asked == 1);
  patient.clock.advance(1ms);
  CHECK(patient.inner->asked == 2);
  Bench sent_away({refusal(Failure::rate_limited, 3s)}, 2);
  sent_away.start();
  REQUIRE(sent_away.reply);
}

}  // namespace exai::providers
