// exai mcp config: the entry for an MCP client's configuration, printed or put into its file.
#include "cli/args.hpp"
#include "cli/mcp/client_files.hpp"
#include "cli/mcp/target.hpp"
#include "core/base/rewrite.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit mcp_config(Context& context, Args& args);

namespace {

constexpr std::string_view kAnyClient = "cursor";  // its form is the one that most of them read

struct Wanted {
  std::string client;   // to print for
  std::string install;  // to install for
  std::string name = "exai";
  std::string url;
  std::string ca;
  bool project = false;
  bool up = false;
  bool dry_run = false;
};

// What the client is to launch: whole paths, as it starts anywhere.
tl::expected<std::vector<std::string>, Exit> command_of(Context& context, const Wanted& wanted) {
  std::vector<std::string> command = {executable_path().string(), "mcp"};
  std::error_code ignored;
  if (!wanted.ca.empty())
    command.insert(command.end(), {"--ca", std::filesystem::absolute(wanted.ca, ignored).string()});
  if (!wanted.url.empty()) {
    command.insert(command.end(), {"--url", wanted.url});
    return command;
  }
  const auto workspace = open_workspace(context);
  if (!workspace) return tl::unexpected(Exit::bad_input);
  const Path file = std::filesystem::absolute(workspace->stack_file, ignored);
  command.insert(command.end(), {"--file", file.lexically_normal().string()});
  if (context.env) command.insert(command.end(), {"--env", *context.env});
  if (wanted.up) command.emplace_back("--up");
  return command;
}

Result<std::optional<std::string>> read_if_there(const Path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  TRY(text, read_file(file));
  return std::optional(std::move(text));
}

// Returns: the backup, if there was something to keep.
Result<std::optional<Path>> write(const Path& file, const std::optional<std::string>& before,
                                  const std::string& after) {
  if (before) {
    TRY(backup, rewrite_file(file, *before, after));
    return std::optional(std::move(backup));
  }
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error)
    return fail(Errc::denied, "cannot make {}: {}", file.parent_path().string(), error.message());
  if (auto written = write_file_atomic(file, after); !written) return fail(written.error());
  return std::nullopt;
}

void report(Context& context, const McpClient& client, const Path& file, bool changed,
            const std::optional<Path>& backup) {
  if (context.json) {
    json::object result{{"client", client.name}, {"file", file.string()}, {"changed", changed}};
    result["backup"] = backup ? json::value(backup->string()) : json::value(nullptr);
    return context.out.print_json(result);
  }
  if (!changed) return context.out.print("{} has the entry already\n", file.string());
  context.out.print("{} has the entry{}\n", file.string(),
                    backup ? "; what it said before: " + backup->string() : std::string());
  context.out.print("start {} again to use it\n", client.name);
}

Exit install(Context& context, const Args& args, const McpClient& client, const Wanted& wanted,
             const json::object& entry) {
  std::error_code ignored;
  const auto file = file_of(client, wanted.project ? Scope::project : Scope::user,
                            context.environment, std::filesystem::current_path(ignored));
  if (!file) return args.misuse(context, file.error().message());
  const auto before = read_if_there(*file);
  if (!before) return complain(context, Exit::not_ok, before.error().message());
  const auto after = with_entry(client, *file, *before, wanted.name, entry);
  if (!after) return complain(context, Exit::bad_input, after.error().message());
  const bool changed = *before != *after;
  if (wanted.dry_run) {
    // Not a diff: beside the entry may stand what is nobody's business.
    if (changed && !context.json) {
      context.out.print("{} would get this entry:\n", file->string());
      context.out.print_json(whole_file(client, wanted.name, entry));
    } else {
      report(context, client, *file, changed, std::nullopt);
    }
    return Exit::ok;
  }
  std::optional<Path> backup;
  if (changed) {
    auto written = write(*file, *before, *after);
    if (!written) return complain(context, Exit::not_ok, written.error().message());
    backup = *std::move(written);
  }
  report(context, client, *file, changed, backup);
  return Exit::ok;
}

}  // namespace

Exit mcp_config(Context& context, Args& args) {
  Wanted wanted;
  std::vector<std::string> known;
  for (const McpClient& client : mcp_clients()) known.emplace_back(client.name);
  args.about(
      "Prints what a client's configuration must say to launch `exai mcp` for this stack, or\n"
      "puts it into the client's file. Everything else in there stays as it is, and what the\n"
      "file said before is kept beside it. No secret is written: exai mcp finds the token.\n\n"
      "  exai mcp config vscode                     in the form that VS Code reads\n"
      "  exai mcp config --install claude-desktop --up\n"
      "  exai mcp config --install claude-code --project   into .mcp.json, here");
  args.word("CLIENT", wanted.client, known, join(known, ", "));
  args.text("--install", "CLIENT", wanted.install, "write to this client's file");
  args.flag("--project", wanted.project, "its file for the project in this folder");
  args.flag("--dry-run", wanted.dry_run, "only show what --install would change");
  args.text("--name", "NAME", wanted.name, "of the entry (exai)");
  args.text("--url", "URL", wanted.url, "a daemon that is in no stack file");
  args.text("--ca", "FILE", wanted.ca, "the CA that vouches for it");
  args.flag("--up", wanted.up, "the entry starts the stack, too");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (!wanted.install.empty() && !wanted.client.empty() && wanted.install != wanted.client)
    return args.misuse(context, "--install names another client");
  if (wanted.install.empty() && (wanted.dry_run || wanted.project))
    return args.misuse(context, "--dry-run and --project are for --install CLIENT");
  if (!wanted.url.empty()) {
    if (wanted.up) return args.misuse(context, "--up starts a stack, and --url is without one");
    if (const auto address = parse_endpoint(wanted.url); !address)
      return args.misuse(context, "--url: " + address.error().message());
  }
  const std::string asked = wanted.install.empty() ? wanted.client : wanted.install;
  const McpClient* client = find_mcp_client(asked.empty() ? kAnyClient : asked);
  if (!client) return args.misuse(context, unknown_word("client", asked, known));

  const auto command = command_of(context, wanted);
  if (!command) return command.error();
  const json::object entry = entry_for(*client, *command);
  if (!wanted.install.empty()) return install(context, args, *client, wanted, entry);
  context.out.print_json(whole_file(*client, wanted.name, entry));
  return Exit::ok;
}

}  // namespace exai::cli
