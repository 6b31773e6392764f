#pragma once
// Which provider's place a call takes: known before it runs, from its arguments. Pure, but for the
// panels, which are remembered.
//
//   a step of a panel (consensus)   the provider of the model whose turn it is; none when nobody
//                                   is named
//   any other step                  that of the model, when it asks one at all
//   a tool with a model             that of the model, or of the default one
//   a tool with a provider          that one; auto: web_search's own choice, else the default
//   any other tool                  none

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/providers/router.hpp"
#include "daemon/tools/definition.hpp"

namespace exai::tools {

// Who searches the web: the one of that name, if it can; "auto": one with an endpoint for it, else
// one whose model can. Nobody: nullptr.
providers::Provider* searching_provider(const providers::Router& router, std::string_view named);

// The panels that first steps named, by their conversation, so that later steps need not repeat
// them. The last 1000; of an older one, as of one that another replica began, a step takes the
// default model's place.
class Panels {
 public:
  void learn(const std::string& conversation, std::vector<std::string> models);
  // The model whose turn it is; empty: nobody's. Nothing: no such panel is remembered.
  std::optional<std::string> model_of(const std::string& conversation, std::int64_t step) const;

 private:
  static constexpr std::size_t kMost = 1000;
  std::map<std::string, std::vector<std::string>> panels_;
  std::deque<std::string> order_;
};

// The models that the arguments name as a panel.
std::vector<std::string> panel_in(const json::object& arguments);

// The provider's name; empty: none. The arguments may be wrong in any way.
std::string provider_asked(const Definition& tool, const json::object& arguments,
                           const providers::Router& router, const Panels& panels,
                           bool experts_by_default);

}  // namespace exai::tools
