// exai top: what each service takes of this machine.
#include "cli/args.hpp"
#include "cli/engine.hpp"
#include "cli/resources.hpp"

namespace exai::cli {

Exit top(Context& context, Args& args);

namespace {

json::object document(const std::vector<control::ServiceStatus>& services) {
  json::array list;
  for (const control::ServiceStatus& service : services) list.push_back(control::to_json(service));
  return {{"services", std::move(list)}};
}

}  // namespace

Exit top(Context& context, Args& args) {
  std::string order = "cpu";
  std::vector<std::string> services;
  args.about(
      "Shows what each service takes with all its processes: CPU (of one core, since the last\n"
      "look), memory, processes, threads, open files, what it has read and written; the hungriest\n"
      "first. To watch it: exai status --watch.\n\n"
      "  exai top --sort memory\n"
      "  exai top redis --json");
  args.one_of("--sort", "ORDER", order, sort_orders(), "cpu, memory, restarts or name");
  args.words("SERVICE", services, "only these");
  args.json();
  if (const auto done = args.parse(context)) return *done;

  auto reached = reach(context);
  if (!reached) return reached.error();
  if (services.empty())
    for (const auto& service : reached->status.services) services.push_back(service.name);
  const auto status = reached->client.status(services);  // by name: with what costs a closer look
  if (!status) return explain_failure(context, status.error());
  const auto sorted = sorted_by(order, *status);
  Stream& out = context.out;
  if (context.json)
    out.print_json(document(sorted));
  else
    out.write(layout(top_table(sorted), out.width(), out.colours()));
  return Exit::ok;
}

}  // namespace exai::cli
