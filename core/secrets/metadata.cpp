#include "core/secrets/metadata.hpp"

#include "core/base/text.hpp"
#include "core/config/stack_tree.hpp"
#include "core/config/toml.hpp"

namespace exai::secrets {

namespace {

// Nothing when the key is not there.
Result<std::optional<WallTime>> time_in(const config::Node& table, std::string_view key) {
  const config::Node* written = table.find(key);
  if (written == nullptr) return std::nullopt;
  const std::string* text = written->string();
  const auto time = text == nullptr ? std::nullopt : parse_utc(*text);
  if (time) return time;
  const config::Span& place = written->span;
  return fail(
      Errc::invalid,
      "{}:{}:{}: {} is no time; write it as \"2027-02-19T07:00:00Z\", or take the line away",
      place.source->name, place.begin.line, place.begin.column, key);
}

Result<Facts> facts_in(const config::Node& table) {
  Facts facts;
  TRY(created, time_in(table, "created"));
  TRY(changed, time_in(table, "changed"));
  TRY(expires, time_in(table, "expires"));
  facts.created = created;
  facts.changed = changed;
  facts.expires = expires;
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
  if (toml.root->table() == nullptr) return metadata;
  for (const config::Member& member : *toml.root->table()) {
    if (member.value.table() == nullptr) continue;
    TRY(facts, facts_in(member.value));
    metadata[member.key] = std::move(facts);
  }
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

config::DatesOfSecrets dates_of(const Metadata& metadata) {
  config::DatesOfSecrets dates;
  for (const auto& [name, facts] : metadata)
    dates[name] = {facts.changed ? facts.changed : facts.created, facts.expires};
  return dates;
}

}  // namespace exai::secrets
