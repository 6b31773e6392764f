#pragma once
// What the verbs of `exai secret` share: the store of the environment, who uses what is in it, a
// value that somebody gives, and how a secret is told of without its value.

#include <optional>
#include <string>
#include <vector>

#include "cli/args.hpp"
#include "core/secrets/store.hpp"

namespace exai::cli {

// The environment's store, also of a stack file with errors: then there is no stack.
struct StorePlace {
  Workspace workspace;
  std::string environment;
  Path store;  // absolute; empty: the environment names none
  std::shared_ptr<const config::Stack> stack;

  std::string shown() const;  // relative to the stack file
};

// Nothing: the reason was printed, exit with bad_input.
std::optional<StorePlace> find_store(Context& context);
// The same, and the environment names one.
std::optional<StorePlace> require_store(Context& context);

// Open for a change; all values in it are hidden from the output. Nothing: the reason was printed,
// exit with not_ok.
std::optional<secrets::Editor> open_editor(Context& context, const StorePlace& place);

// Services that are given the secret, prove something with it, or have it in a rendered file; in
// the file's order.
std::vector<std::string> consumers_of(const StorePlace& place, const std::string& name);

// From stdin (without the newline at its end), or asked for at the terminal. Never from the command
// line, where everybody sees it.
Result<Secret> take_value(const std::string& name);

// --expires 90d: that long from now; empty: never.
Result<std::optional<WallTime>> parse_expiry(std::string_view text);

// "KIMI_API_KEY (length 43, 7f3a91c0)"
std::string told(const std::string& name, const secrets::Facts& facts);
json::object to_json(const std::string& name, const secrets::Facts& facts);

}  // namespace exai::cli
