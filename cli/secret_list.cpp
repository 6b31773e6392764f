// exai secret list: what may be known of the secrets without opening the store.
#include "cli/secret_store.hpp"
#include "cli/table.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

Exit secret_list(Context& context, Args& args);

namespace {

std::string day(const std::optional<WallTime>& time) {
  return time ? format_local(*time).substr(0, 10) : "";
}

Tone tone_of(const std::optional<WallTime>& expires, WallTime now) {
  constexpr auto kSoon = std::chrono::hours(14 * 24);
  if (!expires) return Tone::plain;
  return *expires <= now ? Tone::bad : *expires <= now + kSoon ? Tone::warn : Tone::plain;
}

Table table_of(const StorePlace& place, const secrets::Metadata& metadata, WallTime now) {
  Table table{
      {{"NAME"}, {"LENGTH", Align::right}, {"MARK"}, {"CHANGED"}, {"EXPIRES"}, {"USED BY"}}, {}, 5};
  for (const auto& [name, facts] : metadata) {
    Row row{{{name, Tone::strong},
             std::to_string(facts.length),
             {facts.mark, Tone::dim},
             day(facts.changed),
             {day(facts.expires), tone_of(facts.expires, now)},
             join(consumers_of(place, name), ", ")}};
    if (facts.rotating)
      row.notes.emplace_back("being rotated: exai secret rotate " + name, Tone::warn);
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

Exit secret_list(Context& context, Args& args) {
  args.about(
      "Lists the secrets of the store: how long each is, a mark that changes with the value, when\n"
      "it was changed and expires, and which services use it. Reads the metadata beside the\n"
      "store; needs no identity.\n\n"
      "  exai secret list --env prod --json | jq -r '.secrets[].name'");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  const auto place = require_store(context);
  if (!place) return Exit::bad_input;
  const auto metadata = secrets::read_metadata(place->store);
  if (!metadata) return complain(context, Exit::not_ok, metadata.error().message());
  if (context.json) {
    json::array list;
    for (const auto& [name, facts] : *metadata) {
      json::object object = to_json(name, facts);
      json::array used;
      for (const std::string& service : consumers_of(*place, name)) used.emplace_back(service);
      object["used_by"] = std::move(used);
      list.push_back(std::move(object));
    }
    context.out.print_json(
        json::object{{"store", place->store.string()}, {"secrets", std::move(list)}});
  } else if (metadata->empty()) {
    context.out.print("nothing is in {} yet; exai secret set NAME\n", place->shown());
  } else {
    context.out.write(layout(table_of(*place, *metadata, std::chrono::system_clock::now()),
                             context.out.width(), context.out.colours()));
  }
  return Exit::ok;
}

}  // namespace exai::cli
