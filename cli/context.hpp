#pragma once
// What a command works with: the environment, where to print, the options that every command has,
// and the way from there to the stack. Made by main(), handed to one command.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/output.hpp"
#include "core/base/os.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/settings.hpp"
#include "core/workspace/workspace.hpp"

namespace exai::cli {

enum class Exit : int {
  ok = 0,
  not_ok = 1,        // the thing that was checked or asked for is not well
  bad_input = 2,     // usage, or a configuration with errors
  unreachable = 3,   // no supervisor answers
  interrupted = 130  // Ctrl-C
};

struct Context {
  Environment environment;
  Stream out;
  Stream err;
  std::optional<Path> file = {};        // --file
  std::optional<std::string> env = {};  // --env
  bool json = false;                    // --json
  // Of both streams: what it is told is never printed.
  std::shared_ptr<Redactor> redactor = std::make_shared<Redactor>();

  // Progress and remarks: beside the data, so that --json leaves one document on stdout.
  Stream& talk() { return json ? err : out; }
};

// How diagnostics are to be rendered for this stream.
config::Colour diagnostic_colours(const Stream& stream);

// Before anything is printed: both streams go through the context's redactor.
void redact_streams(Context& context);

// "exai: <message>" on stderr.
Exit complain(Context& context, Exit exit, std::string_view message);

// The stack's place on this machine. Nothing: the reason was printed, exit with bad_input.
std::optional<Workspace> open_workspace(Context& context);

// Reads the stack file and its layers; what is secret in them is hidden from now on. Whoever reads a
// stack in another way tells hide_secrets() itself.
config::Loaded load_stack(const Context& context, const Workspace& workspace);
void hide_secrets(const Context& context, const config::Loaded& loaded);

struct Opened {
  Workspace workspace;
  std::shared_ptr<const config::Stack> stack;
};
// The workspace with its valid stack file; warnings go to stderr. Nothing: the diagnostics were
// printed, exit with bad_input. From here on, times are shown in the stack's zone.
std::optional<Opened> open_stack(Context& context);

// True when each name is a service of the stack; else says which is not, and which it might be.
bool are_services(Context& context, const config::Stack& stack,
                  const std::vector<std::string>& names);

// "unknown service \"rediss\"; did you mean \"redis\"?", or the list of what there is.
std::string unknown_word(std::string_view kind, std::string_view word,
                         std::span<const std::string> known);

}  // namespace exai::cli
