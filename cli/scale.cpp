// exai scale: ask the supervisor for so many replicas of services, and watch the new ones come up.
#include "cli/args.hpp"
#include "cli/follow.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit scale(Context& context, Args& args);

namespace {

struct Count {
  std::string service;
  int replicas = 0;
};

// "web=3"
std::optional<Count> count_from(const std::string& word) {
  const std::size_t at = word.find('=');
  if (at == std::string::npos || at == 0) return std::nullopt;
  const auto replicas = parse_integer(word.substr(at + 1));
  if (!replicas || *replicas < 0 || *replicas > config::kMostReplicas) return std::nullopt;
  return Count{word.substr(0, at), static_cast<int>(*replicas)};
}

}  // namespace

Exit scale(Context& context, Args& args) {
  bool detach = false;
  std::vector<std::string> words;
  args.about(
      "Changes how many replicas of a service run: new ones start, those that are too many stop,\n"
      "the others are not touched. For services with `replicas` in the stack file. It holds\n"
      "until exai down, or until exai reload finds another number there. A new one that fails:\n"
      "exit 1.\n\n"
      "  exai scale worker=4\n"
      "  exai scale -d worker=0 web=2     do not wait");
  args.flag("-d,--detach", detach, "do not wait until they are ready");
  args.words("SERVICE=N", words, "a service, and how many of it: 0 to 1000");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (words.empty()) return args.misuse(context, "say how many of which service: worker=4");
  std::vector<Count> counts;
  std::vector<std::string> services;
  for (const std::string& word : words) {
    auto count = count_from(word);
    if (!count)
      return args.misuse(context, fmt::format("{}: not SERVICE=N, with N from 0 to {}", word,
                                              config::kMostReplicas));
    services.push_back(count->service);
    counts.push_back(*std::move(count));
  }

  const auto now = bring_up(context, services, detach, [&](control::Client& client) {
    Result<control::StackStatus> asked;
    for (const Count& count : counts) {
      asked = client.scale(count.service, count.replicas);
      if (!asked) break;
    }
    return asked;
  });
  if (!now) return now.error();
  if (context.json) context.out.print_json(control::to_json(*now));
  return Exit::ok;
}

}  // namespace exai::cli
