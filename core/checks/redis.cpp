// The protocol is hiredis's; the socket is the loop's. A server that does not answer therefore
// delays its own check and nothing else, and giving up is closing the socket: no thread hangs on
// it.
#include <hiredis/hiredis.h>

#include <array>
#include <boost/asio/write.hpp>
#include <utility>

#include "core/base/os.hpp"
#include "core/base/text.hpp"
#include "core/checks/network.hpp"

namespace exai::checks {

namespace {

using asio::ip::tcp;
using Words = std::vector<std::string>;

constexpr std::size_t kAnswerLimit = 64U << 10U;

struct Reply {
  int type = REDIS_REPLY_NIL;
  std::string text;  // of a status, an error or a string
  long long integer = 0;
  friend bool operator==(const Reply&, const Reply&) = default;
};

struct Exchange {
  Words command;
  Reply expected;
};

// For messages: what came instead of what was expected.
std::string describe(const Reply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_NIL:
      return "nothing";
    case REDIS_REPLY_INTEGER:
      return fmt::format("{}", reply.integer);
    case REDIS_REPLY_ARRAY:
      return "a list";
    default:
      return fmt::format("\"{}\"", printable(reply.text.substr(0, 100)));
  }
}

std::string encode(const Words& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* bytes = nullptr;
  const int size =
      redisFormatCommandArgv(&bytes, static_cast<int>(words.size()), texts.data(), sizes.data());
  EXAI_ASSERT(size > 0);
  std::string command(bytes, static_cast<std::size_t>(size));
  redisFreeCommand(bytes);
  return command;
}

// One connection: a question, its answer, and again.
class Conversation {
 public:
  explicit Conversation(Socket socket) : socket_(std::move(socket)) {}

  // Errors: unavailable, when no answer of Redis's kind came.
  Task<Result<Reply>> ask(Words words) {
    const std::string command = encode(words);
    const auto bytes = asio::buffer(command);
    auto written = co_await asio::async_write(socket_, bytes, kAsTuple);
    if (std::get<0>(written)) co_return broken(std::get<0>(written));
    for (;;) {
      void* object = nullptr;
      if (redisReaderGetReply(reader_.get(), &object) != REDIS_OK)
        co_return fail(Errc::unavailable, "what answers does not speak Redis: {}",
                       printable(reader_->errstr));
      if (object != nullptr) co_return take(static_cast<redisReply*>(object));
      if (received_ > kAnswerLimit)
        co_return fail(Errc::unavailable, "the answer is larger than {}",
                       format_size(kAnswerLimit));
      const auto room = asio::buffer(buffer_);
      auto read = co_await socket_.async_read_some(room, kAsTuple);
      if (std::get<0>(read)) co_return broken(std::get<0>(read));
      received_ += std::get<1>(read);
      redisReaderFeed(reader_.get(), buffer_.data(), std::get<1>(read));
    }
  }

 private:
  static tl::unexpected<Error> broken(const boost::system::error_code& error) {
    if (error == asio::error::eof)
      return fail(Errc::unavailable, "the connection was closed without an answer");
    return fail(Errc::unavailable, "the connection broke: {}", error.message());
  }

  static Reply take(redisReply* object) {
    const std::unique_ptr<redisReply, decltype(&freeReplyObject)> owner(object, &freeReplyObject);
    Reply reply;
    reply.type = object->type;
    reply.integer = object->integer;
    if (object->str != nullptr) reply.text.assign(object->str, object->len);
    return reply;
  }

  Socket socket_;
  std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader_{redisReaderCreate(),
                                                                   &redisReaderFree};
  std::array<char, 4096> buffer_{};
  std::size_t received_ = 0;
};

// What an error reply means. Redis begins it with a word in capitals.
std::string explain(const std::string& error, const std::string& password) {
  if (error.starts_with("WRONGPASS") || error.starts_with("ERR invalid password"))
    return "the password is wrong";
  if (error.find("without any password configured") != std::string::npos)
    return "this Redis has no password, but the check names one";
  if (error.starts_with("NOAUTH") && password.empty())
    return "this Redis wants a password, and the check names none";
  if (error.starts_with("NOAUTH"))
    return fmt::format("this Redis wants a password, and {} has no value", password);
  if (error.starts_with("LOADING")) return "Redis is still loading its data";
  return printable(error);
}

// A key of this run's own; should we not come to delete it, it expires.
std::vector<Exchange> round_trip(const std::optional<Secret>& password) {
  const std::string key = "exai:check:" + random_hex(16);
  const std::string value = random_hex(16);
  const Reply ok{REDIS_REPLY_STATUS, "OK", 0};
  std::vector<Exchange> script;
  if (password) script.push_back({{"AUTH", std::string(password->reveal())}, ok});
  script.push_back({{"SET", key, value, "PX", "10000", "NX"}, ok});
  script.push_back({{"GET", key}, {REDIS_REPLY_STRING, value, 0}});
  script.push_back({{"DEL", key}, {REDIS_REPLY_INTEGER, "", 1}});
  return script;
}

}  // namespace

Task<Proof> prove_redis(Attempt& attempt, config::Check check) {
  const std::string password = check.setting("password");
  auto socket = co_await connect(attempt, check.host, check.port);
  if (!socket) co_return fail(socket.error());
  Conversation redis(std::move(*socket));
  for (const Exchange& exchange : round_trip(attempt.secret(password))) {
    attempt.step = exchange.command.front();
    auto reply = co_await redis.ask(exchange.command);
    if (!reply) co_return fail(reply.error().within(attempt.step));
    if (reply->type == REDIS_REPLY_ERROR)
      co_return fail(Errc::denied, "{} refused: {}", attempt.step, explain(reply->text, password));
    if (*reply != exchange.expected)
      co_return fail(Errc::invalid, "{} answered {}, not {}", attempt.step, describe(*reply),
                     describe(exchange.expected));
  }
  co_return "SET, GET, DEL answered";
}

}  // namespace exai::checks
