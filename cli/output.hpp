#pragma once
// Where the commands print. A Stream knows whether people look at it (a terminal), and only then
// paints; tests give it a string to fill. Nothing below main() touches stdout or stderr itself, so
// no secret that the redactor knows gets out, whichever command prints it and in whatever format.

#include <fmt/core.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/json.hpp"
#include "core/base/redact.hpp"

namespace exai::cli {

enum class Tone { plain, strong, dim, good, warn, bad };

enum class Colours { off, on };

// `text` with the escape codes of its tone around it, or as it is.
std::string painted(Tone tone, std::string_view text, Colours colours);

class Stream {
 public:
  using Sink = std::function<void(std::string_view)>;
  struct Traits {
    bool terminal = false;
    Colours colours = Colours::off;
    int width = 0;  // columns of the terminal; 0: no limit
  };

  explicit Stream(Sink sink) : sink_(std::move(sink)) {}
  Stream(Sink sink, Traits traits) : sink_(std::move(sink)), traits_(traits) {}

  void write(std::string_view text) { emit(std::string(text)); }
  template <class... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    emit(fmt::format(format, std::forward<Args>(args)...));
  }
  void print_json(const json::value& value) { emit(to_pretty_text(value)); }
  // What somebody asked to see, and nothing else: the value of a secret, for `exai secret get`.
  void reveal(std::string_view text) { sink_(text); }

  std::string paint(Tone tone, std::string_view text) const {
    return painted(tone, text, traits_.colours);
  }
  bool terminal() const { return traits_.terminal; }
  Colours colours() const { return traits_.colours; }
  int width() const { return traits_.width; }
  void without_colours() { traits_.colours = Colours::off; }
  void redact_with(std::shared_ptr<const Redactor> redactor) { redactor_ = std::move(redactor); }

 private:
  void emit(std::string text) {
    sink_(redactor_ ? redactor_->redact(std::move(text)) : std::move(text));
  }

  Sink sink_;
  std::shared_ptr<const Redactor> redactor_;
  Traits traits_;
};

// Lines of a terminal that are drawn again in place. Erase it before anything else goes to the
// stream, or it tears.
class LiveBlock {
 public:
  explicit LiveBlock(Stream& stream) : stream_(stream) {}
  void draw(std::string_view text);  // whole lines, none longer than the terminal is wide
  void erase();

 private:
  Stream& stream_;
  std::size_t lines_ = 0;  // that stand on the terminal now
};

}  // namespace exai::cli
