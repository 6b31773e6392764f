// hiredis is walled in here. It blocks, so it lives on an island: the loop hands over one command
// at a time and goes on. What the loop knows is one word:
//
//            connect ok                       connection lost
//   down ──────────────────> up ─────────────────────────────────> down, reconnect task starts
//    └── every call fails at once with the reason; the task tries again with back-off

#include <hiredis/hiredis.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <vector>

#include "core/base/os.hpp"
#include "daemon/store/store.hpp"

namespace exai::store {
namespace {

using Words = std::vector<std::string_view>;

timeval to_timeval(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  const std::chrono::microseconds rest = duration - seconds;
  return {.tv_sec = seconds.count(), .tv_usec = rest.count()};
}

Errc code_of_reply_error(std::string_view text) {
  for (const std::string_view word : {"NOAUTH", "WRONGPASS", "NOPERM"})
    if (text.starts_with(word)) return Errc::denied;
  if (text.find("invalid password") != std::string_view::npos) return Errc::denied;  // Redis < 6
  for (const std::string_view word :
       {"LOADING", "BUSY", "MISCONF", "OOM", "READONLY", "MASTERDOWN"})
    if (text.starts_with(word)) return Errc::unavailable;
  return Errc::internal;
}

// One connection, used on the island's thread only.
class Connection {
 public:
  explicit Connection(RedisOptions options) : options_(std::move(options)) {}

  Result<> connect() {
    context_.reset(redisConnectWithTimeout(options_.host.c_str(), options_.port,
                                           to_timeval(options_.connect_timeout)));
    if (!context_) return fail(Errc::internal, "redis: out of memory");
    if (context_->err != 0) return lost();
    redisSetTimeout(context_.get(), to_timeval(options_.command_timeout));
    const std::string database = std::to_string(options_.database);
    for (const Words& words :
         {Words{"AUTH", options_.password.reveal()}, Words{"SELECT", database}}) {
      if (words[0] == "AUTH" && options_.password.empty()) continue;
      if (auto answer = command(words); !answer) {
        context_.reset();
        return fail(answer.error().within(words[0]));
      }
    }
    return {};
  }

  // The answer as text; nothing for nil.
  Result<std::optional<std::string>> command(const Words& words) {
    if (!context_) return fail(Errc::unavailable, "redis {}: not connected", address());
    std::vector<const char*> arguments;
    std::vector<std::size_t> sizes;
    for (const std::string_view word : words) {
      arguments.push_back(word.data());
      sizes.push_back(word.size());
    }
    const std::unique_ptr<redisReply, Free> reply(static_cast<redisReply*>(redisCommandArgv(
        context_.get(), static_cast<int>(words.size()), arguments.data(), sizes.data())));
    if (!reply) return lost();
    if (reply->type == REDIS_REPLY_NIL) return std::optional<std::string>();
    if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
    std::string text = reply->str == nullptr ? std::string() : std::string(reply->str, reply->len);
    if (reply->type == REDIS_REPLY_ERROR)
      return fail(code_of_reply_error(text), "redis {}: {}", address(), text);
    return text;
  }

  bool alive() const { return context_ != nullptr; }

 private:
  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };

  std::string address() const { return fmt::format("{}:{}", options_.host, options_.port); }

  // After an I/O error or a timeout the stream is out of step: the connection is of no more use.
  tl::unexpected<Error> lost() {
    const bool late = context_->err == REDIS_ERR_IO && (errno == EAGAIN || errno == ETIMEDOUT);
    const std::string reason = late ? "no answer in time" : context_->errstr;
    context_.reset();
    return fail(Errc::unavailable, "redis {}: {}", address(), reason);
  }

  RedisOptions options_;
  std::unique_ptr<redisContext, Free> context_;
};

class RedisStore final : public Store {
 public:
  RedisStore(Loop& loop, Clock& clock, Log log, RedisOptions options)
      : clock_(clock),
        log_(std::move(log)),
        backoff_min_(options.backoff_min),
        backoff_max_(options.backoff_max),
        connection_(std::make_shared<Connection>(std::move(options))),
        island_(loop, "redis"),
        tasks_(loop, log_) {
    tasks_.spawn("redis connect", keep_connecting());
  }

  std::string_view backend() const override { return "redis"; }

  Task<Result<std::optional<std::string>>> get(std::string key) override {
    Script<std::optional<std::string>> script = [key = std::move(key)](Connection& redis) {
      return redis.command({"GET", key});
    };
    co_return co_await run(std::move(script));
  }

  Task<Result<>> put(std::string key, std::string value, Duration time_to_live) override {
    Script<> script = [key = std::move(key), value = std::move(value),
                       life = std::to_string(time_to_live.count())](Connection& redis) {
      return only_success(redis.command({"SET", key, value, "PX", life}));
    };
    co_return co_await run(std::move(script));
  }

  Task<Result<>> remove(std::string key) override {
    Script<> script = [key = std::move(key)](Connection& redis) {
      return only_success(redis.command({"DEL", key}));
    };
    co_return co_await run(std::move(script));
  }

  Task<Result<>> ping() override {
    Script<> script = round_trip;
    co_return co_await run(std::move(script));
  }

  Task<> close() override {
    closed_ = true;
    down_ = Error(Errc::unavailable, "the store is closed");
    tasks_.cancel();
    co_await tasks_.join();
  }

 private:
  template <class T = void>
  using Script = std::function<Result<T>(Connection&)>;

  // What the island gives back: the result, and whether the connection survived.
  template <class T>
  struct Outcome {
    Result<T> result;
    bool alive;
  };

  static Result<> only_success(const Result<std::optional<std::string>>& answer) {
    if (!answer) return fail(answer.error());
    return {};
  }

  static Result<> round_trip(Connection& redis) {
    const std::string key = "exai:probe:" + random_hex(8);
    const std::string value = random_hex(8);
    TRY(stored, redis.command({"SET", key, value, "PX", "5000"}));
    TRY(found, redis.command({"GET", key}));
    if (found != value) return fail(Errc::internal, "redis: a key was not what was just written");
    return only_success(redis.command({"DEL", key}));
  }

  template <class T>
  Task<Result<T>> run(Script<T> script) {
    if (down_) co_return fail(*down_);
    std::function<Outcome<T>()> work = [connection = connection_, script = std::move(script)] {
      Result<T> result = script(*connection);
      return Outcome<T>{std::move(result), connection->alive()};
    };
    Outcome<T> outcome = co_await island_.run<Outcome<T>>(std::move(work));
    if (outcome.alive) co_return std::move(outcome.result);
    lost(outcome.result.error());
    co_return fail(*down_);
  }

  void lost(const Error& reason) {
    if (down_) return;  // another call saw it first
    down_ = reason;
    log_.warn("lost redis", {{"error", reason.message()}});
    tasks_.spawn("redis connect", keep_connecting());
  }

  Task<> keep_connecting() {
    Duration delay = backoff_min_;
    for (;;) {
      std::function<Result<>()> work = [connection = connection_] { return connection->connect(); };
      Result<> connected = co_await island_.run<Result<>>(std::move(work));
      if (connected) break;
      if (closed_) co_return;
      if (down_ != connected.error())
        log_.warn("redis is not there", {{"error", connected.error().message()}});
      down_ = connected.error();
      co_await clock_.sleep_for(delay);
      delay = std::min(delay * 2, backoff_max_);
    }
    if (closed_) co_return;
    down_.reset();
    log_.info("connected to redis");
  }

  Clock& clock_;
  Log log_;
  Duration backoff_min_;
  Duration backoff_max_;
  bool closed_ = false;
  // Why it cannot be used now. Empty at first, too: what is asked before the first connection waits
  // behind it on the island.
  std::optional<Error> down_;
  std::shared_ptr<Connection> connection_;
  Island island_;
  TaskGroup tasks_;
};

}  // namespace

std::unique_ptr<Store> make_redis_store(Loop& loop, Clock& clock, Log log, RedisOptions options) {
  return std::make_unique<RedisStore>(loop, clock, std::move(log), std::move(options));
}

}  // namespace exai::store
