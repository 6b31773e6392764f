// exai version: nothing is loaded for it.
#include "core/base/version.hpp"

#include "cli/args.hpp"
#include "core/control/control.hpp"

namespace exai::cli {

Exit version(Context& context, Args& args);

Exit version(Context& context, Args& args) {
  args.about("Prints the version of exai; --json adds the revision of its control protocol.");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  if (context.json)
    context.out.print_json(json::object{
        {"name", "exai"}, {"version", kVersion}, {"control_protocol", control::kProtocolVersion}});
  else
    context.out.print("exai {}\n", kVersion);
  return Exit::ok;
}

}  // namespace exai::cli
