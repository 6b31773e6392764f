#pragma once
// Structured logging: a constant message and named fields. A Log is a cheap handle, passed in and
// extended with what the callee knows: log.with("service", name).info("ready", {{"took", "12ms"}}).
// spdlog is behind it. Each line leaves through one Redactor, so a known secret never does.
//
// text:  2026-11-21T03:42:19.123Z info  ready service=redis took=12ms
// json:  {"time":"…","level":"info","message":"ready","service":"redis","took":"12ms"}
//
// Thread: any. Failing to write a line is never an error of the caller.

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/redact.hpp"

namespace exai {

enum class LogLevel { debug, info, warn, error, off };
std::optional<LogLevel> parse_log_level(std::string_view name);

enum class LogFormat { text, json };

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  // Empty: stderr. Else a file, appended to and rotated.
  std::string path;
  std::size_t max_bytes = 10U << 20U;
  std::size_t max_files = 5;
};

// Field values are text already made; numbers through fmt::to_string or Field's constructors.
struct Field {
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  Field(std::string_view k, Number v) : key(k), value(fmt::format("{}", v)) {}

  std::string key;
  std::string value;
};

class Log {
 public:
  // Says nothing. For tests and optional collaborators.
  Log() = default;
  static Result<Log> open(const LogOptions& options,
                          std::shared_ptr<const Redactor> redactor = nullptr);

  Log with(std::string_view key, std::string_view value) const;

  void debug(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void info(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void warn(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void error(std::string_view message, std::initializer_list<Field> fields = {}) const;

  void flush() const;

 private:
  struct Sink;
  void write(LogLevel level, std::string_view message, std::initializer_list<Field> fields) const;

  std::shared_ptr<Sink> sink_;
  std::shared_ptr<const std::vector<Field>> context_;  // the same for every copy; or none
};

}  // namespace exai
