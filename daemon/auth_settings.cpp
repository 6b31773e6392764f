#include "daemon/auth_settings.hpp"

#include "core/base/text.hpp"

namespace exai {
namespace {

// A day, which begins at midnight, or a time.
std::optional<WallTime> grace_end(const std::string& text) {
  const std::size_t day = std::string_view("2027-01-31").size();
  return parse_utc(text.size() == day ? text + "T00:00:00Z" : text);
}

// "https://host[:port][/path]": what can be compared as a text and put into a header.
bool is_plain_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != 4 && scheme != 5) return false;
  const std::string_view name = url.substr(0, scheme);
  const std::string_view rest = url.substr(scheme + 3);
  return (name == "http" || name == "https") && !rest.empty() && rest.front() != '/' &&
         rest.find_first_of("#?@\"\\ ") == std::string_view::npos && is_utf8(rest) &&
         printable(rest) == rest;
}

}  // namespace

bool AuthSettings::is_open() const {
  return token.empty() && jwt_secret.empty() && jwt_public_keys.empty();
}

// The previous token may go: that is how it is taken away.
Result<> may_follow(const AuthSettings& now, const AuthSettings& next) {
  const auto gone = [](const char* option) {
    return fail(Errc::invalid, "{} is empty now: without it others could come in", option);
  };
  if (!now.token.empty() && next.token.empty()) return gone("EXAI_WS_TOKEN");
  if (!now.jwt_secret.empty() && next.jwt_secret.empty()) return gone("JWT_SECRET_KEY");
  if (!now.jwt_public_keys.empty() && next.jwt_public_keys.empty()) return gone("JWT_PUBLIC_KEYS");
  return {};
}

config::Diagnostics check(const AuthSettings& settings) {
  config::Diagnostics wrong;
  const auto report = [&](const char* code, std::string message, std::string help) {
    config::Diagnostic diagnostic;
    diagnostic.code = code;
    diagnostic.message = std::move(message);
    diagnostic.help = std::move(help);
    wrong.push_back(std::move(diagnostic));
  };
  if (const auto keys = auth::Keys::parse({}, settings.jwt_public_keys); !keys)
    report("CFG003", "JWT_PUBLIC_KEYS: " + keys.error().message(),
           "take the public keys of who signs the tokens, or their JWK set (jwks_uri)");
  if (!settings.jwt_grace_until.empty() && !grace_end(settings.jwt_grace_until))
    report("CFG003",
           fmt::format("JWT_GRACE_UNTIL: \"{}\" is no day", printable(settings.jwt_grace_until)),
           "write it as 2027-01-31, or with a time as 2027-01-31T12:00:00Z");
  const auto check_url = [&](const char* option, const std::string& url) {
    if (is_plain_url(url)) return;
    report("CFG003",
           fmt::format("{}: \"{}\" is no URL without query and fragment", option, printable(url)),
           "write it as clients do: https://host or https://host/path");
  };
  if (!settings.oauth_resource.empty()) check_url("EXAI_OAUTH_RESOURCE", settings.oauth_resource);
  for (const std::string& server : settings.oauth_servers) check_url("EXAI_OAUTH_SERVERS", server);
  return wrong;
}

net::GateOptions gate_options(const AuthSettings& settings) {
  net::GateOptions gate;
  gate.token = settings.token;
  gate.previous_token = settings.previous_token;
  gate.keys =
      auth::Keys::parse(settings.jwt_secret, settings.jwt_public_keys).value_or(auth::Keys());
  gate.jwt.issuers = settings.jwt_issuers;
  gate.jwt.audience = settings.jwt_audience;
  gate.jwt.leeway = settings.jwt_leeway;
  if (!settings.oauth_resource.empty()) {
    if (gate.jwt.issuers.empty()) gate.jwt.issuers = settings.oauth_servers;
    if (gate.jwt.audience.empty()) gate.jwt.audience = settings.oauth_resource;
  }
  if (!settings.jwt_grace_until.empty()) gate.grace_until = grace_end(settings.jwt_grace_until);
  return gate;
}

net::OAuthOptions oauth_options(const AuthSettings& settings) {
  return {settings.oauth_resource, settings.oauth_servers};
}

}  // namespace exai
