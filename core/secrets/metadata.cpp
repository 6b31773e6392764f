#include "core/secrets/metadata.hpp"

#include "core/base/text.hpp"
#include "core/config/stack_tree.hpp"
#include "core/config/toml.hpp"

namespace exai::secrets {

namespace {

std::optional<WallTime> time_in(const config::Node& table, std::string_view key) {
  return parse_utc(config::text_or(table, key, ""));
}

Facts facts_in(const config::Node& table) {
  Facts facts;
  facts.created = time_in(table, "created");
  facts.changed = time_in(table, "changed");
  facts.expires = time_in(table, "expires");
  facts.mark = config::text_or(table, "mark", "");
  const config::Node* rotating = table.find("rotating");
  facts.rotating = rotating != nullptr && rotating->boolean() != nullptr && *rotating->boolean();
  const config::Node* length = table.find("length");
  if (length != nullptr && length->integer() != nullptr && *length->integer() > 0)
    facts.length = static_cast<std::size_t>(*length->integer());
  return facts;
}

void add_time(std::string& text, std::string_view key, const std::optional<WallTime>& time) {
  if (time) text += fmt::format("{} = \"{}\"\n", key, format_utc(*time));
}

}  // namespace

Result<Metadata> parse_metadata(std::string_view text, std::string_view file) {
  const auto source =
      std::make_shared<const config::Source>(config::Source{std::string(file), std::string(text)});
  const config::Toml toml = config::parse_toml(source);
  if (!toml.root) {
    const config::Diagnostic& first = toml.diagnostics.front();
    return fail(Errc::invalid, "{}:{}:{}: {}", file, first.span.begin.line, first.span.begin.column,
                first.message);
  }
  Metadata metadata;
  if (toml.root->table() != nullptr)
    for (const config::Member& member : *toml.root->table())
      if (member.value.table() != nullptr) metadata[member.key] = facts_in(member.value);
  return metadata;
}

std::string to_text(const Metadata& metadata, std::string_view store) {
  std::string text = fmt::format(
      "# What may be known of the secrets in {}, written by exai secret. No value is in here.\n",
      store);
  for (const auto& [name, facts] : metadata) {
    text += fmt::format("\n[{}]\n", name);
    add_time(text, "created", facts.created);
    add_time(text, "changed", facts.changed);
    add_time(text, "expires", facts.expires);
    text += fmt::format("length = {}\nmark = \"{}\"\n", facts.length, facts.mark);
    if (facts.rotating) text += "rotating = true\n";
  }
  return text;
}

}  // namespace exai::secrets
