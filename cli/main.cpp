// exai, the operator's tool: a context made of this process's environment and streams, and the one
// command that the command line names.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "cli/commands.hpp"
#include "cli/interrupt.hpp"

namespace {

using namespace exai;

// A reader that went away (exai logs | head) ends us as it ends every other program.
constexpr int kReaderGone = 141;

cli::Stream stream_to(std::FILE* file, const Environment& environment) {
  const int fd = ::fileno(file);
  const bool plain = !value_or_empty(environment, "NO_COLOR").empty() ||
                     value_or_empty(environment, "TERM") == "dumb";
  cli::Stream::Traits traits;
  traits.terminal = is_terminal(fd);
  traits.colours = traits.terminal && !plain ? cli::Colours::on : cli::Colours::off;
  traits.width = traits.terminal ? terminal_width(fd) : 0;
  const auto sink = [file](std::string_view text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if (!written || std::fflush(file) != 0) std::_Exit(kReaderGone);
  };
  return cli::Stream(sink, traits);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    ignore_sigpipe();
    cli::handle_interrupts();
    forbid_memory_dumps();  // secrets are read by most commands
    Environment environment = current_environment();
    cli::Stream out = stream_to(stdout, environment);
    cli::Stream err = stream_to(stderr, environment);
    cli::Context context{std::move(environment), std::move(out), std::move(err)};
    cli::redact_streams(context);
    return static_cast<int>(cli::run_command_line(context, {argv + 1, argv + argc}));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "exai: internal failure: %s\n", failure.what());
    return static_cast<int>(cli::Exit::not_ok);
  }
}
