#include "core/base/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <span>

#include "core/base/json.hpp"
#include "core/base/text.hpp"

namespace exai {

namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};

std::string_view name(LogLevel level) { return kLevelNames[static_cast<std::size_t>(level)]; }

std::string quoted(std::string_view text) { return json::serialize(json::string(text)); }

// A value that reads as one word stays bare; anything else is quoted as JSON does it, so a line
// stays one line and can be taken apart again.
std::string logfmt_value(std::string_view text) {
  const bool bare = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != '"' && c != '=' && c != 0x7F;
  });
  return bare ? std::string(text) : quoted(text);
}

std::string as_text(LogLevel level, std::string_view message, std::span<const Field> context,
                    std::initializer_list<Field> fields) {
  std::string line =
      fmt::format("{} {:<5} {}", format_utc(std::chrono::system_clock::now()), name(level), printable(message));
  const auto add = [&](const Field& field) {
    line += fmt::format(" {}={}", field.key, logfmt_value(field.value));
  };
  std::for_each(context.begin(), context.end(), add);
  std::for_each(fields.begin(), fields.end(), add);
  return line;
}

std::string as_json(LogLevel level, std::string_view message, std::span<const Field> context,
                    std::initializer_list<Field> fields) {
  std::string line =
      fmt::format(R"({{"time":"{}","level":"{}","message":{})",
                  format_utc(std::chrono::system_clock::now()), name(level), quoted(message));
  const auto add = [&](const Field& field) {
    line += fmt::format(",{}:{}", quoted(field.key), quoted(field.value));
  };
  std::for_each(context.begin(), context.end(), add);
  std::for_each(fields.begin(), fields.end(), add);
  return line + "}";
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view name) {
  const std::string word = to_lower(name);
  if (word == "off") return LogLevel::off;
  if (word == "warning") return LogLevel::warn;
  const auto* found = std::find(kLevelNames.begin(), kLevelNames.end(), word);
  if (found == kLevelNames.end()) return std::nullopt;
  return static_cast<LogLevel>(found - kLevelNames.begin());
}

struct Log::Sink {
  spdlog::logger logger;
  LogLevel level;
  LogFormat format;
  std::shared_ptr<const Redactor> redactor;
};

Result<Log> Log::open(const LogOptions& options, std::shared_ptr<const Redactor> redactor) {
  try {
    spdlog::sink_ptr sink;
    if (options.path.empty())
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    else
      sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.path, options.max_bytes,
                                                                    options.max_files);
    sink->set_pattern("%v");
    spdlog::logger logger("exai", std::move(sink));
    logger.set_level(spdlog::level::trace);
    logger.flush_on(spdlog::level::trace);  // a line is worth nothing in the buffer of a dead process
    logger.set_error_handler([](const std::string&) {});  // the caller has nothing to do with it
    Log log;
    log.sink_ = std::make_shared<Sink>(
        Sink{std::move(logger), options.level, options.format, std::move(redactor)});
    return log;
  } catch (const std::exception& error) {
    return fail(Errc::unavailable, "opening the log {}: {}",
                options.path.empty() ? "stderr" : options.path, error.what());
  }
}

Log Log::with(std::string_view key, std::string_view value) const {
  Log log = *this;
  if (!sink_) return log;
  auto context = context_ ? std::make_shared<std::vector<Field>>(*context_)
                          : std::make_shared<std::vector<Field>>();
  context->emplace_back(key, value);
  log.context_ = std::move(context);
  return log;
}

void Log::write(LogLevel level, std::string_view message,
                std::initializer_list<Field> fields) const {
  if (!sink_ || level < sink_->level) return;
  const std::span<const Field> context = context_ ? std::span(*context_) : std::span<const Field>();
  std::string line = sink_->format == LogFormat::json ? as_json(level, message, context, fields)
                                                      : as_text(level, message, context, fields);
  if (sink_->redactor) line = sink_->redactor->redact(std::move(line));
  sink_->logger.log(spdlog::level::info, spdlog::string_view_t(line));
}

void Log::debug(std::string_view message, std::initializer_list<Field> fields) const {
  write(LogLevel::debug, message, fields);
}
void Log::info(std::string_view message, std::initializer_list<Field> fields) const {
  write(LogLevel::info, message, fields);
}
void Log::warn(std::string_view message, std::initializer_list<Field> fields) const {
  write(LogLevel::warn, message, fields);
}
void Log::error(std::string_view message, std::initializer_list<Field> fields) const {
  write(LogLevel::error, message, fields);
}

void Log::flush() const {
  if (sink_) sink_->logger.flush();
}

}  // namespace exai
