#pragma once
// Which provider answers a call, and why. Pure. First that fits:
//
//   no model named             DEFAULT_MODEL, routed like a named one; else the first configured
//                              provider's default model
//   "kimi/some-model"          that provider, the rest as it stands
//   an id or alias in a table  that table's provider, the id
//   a known prefix ("glm-")    that provider, the name as it stands
//   anything else              refused, with the nearest known name
//
// A model of a provider that has no key is refused with the option that switches it on.

#include <string>
#include <string_view>
#include <vector>

#include "daemon/providers/provider.hpp"

namespace exai::providers {

struct Route {
  Provider* provider;
  std::string model;
  std::string reason;  // "the default model", "named in the call", …
};

class Router {
 public:
  // Configured providers in order of preference. Lifetime: they outlive the router.
  Router(std::vector<Provider*> providers, std::string default_model);

  // Empty: the caller named none. Errors: not_found (nobody has this model), unavailable (no
  // provider, or not the one that has it); each says what to do.
  Result<Route> route(std::string_view model) const;

  const std::vector<Provider*>& providers() const { return providers_; }

 private:
  Result<Route> named(std::string_view model, std::string_view reason) const;
  Provider* configured(std::string_view provider) const;

  std::vector<Provider*> providers_;
  std::string default_model_;
};

}  // namespace exai::providers
