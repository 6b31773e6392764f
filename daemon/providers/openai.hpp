#pragma once
// Every provider that speaks the OpenAI chat API: POST <base>/chat/completions, streaming. What
// differs between them is data (a preset and the models' quirks), not code.
//
// Adding a preset = one row in kPresets, and its options in the option table and settings.cpp.

#include <memory>
#include <span>
#include <string>

#include "core/base/http.hpp"
#include "core/base/json.hpp"
#include "core/base/secret.hpp"
#include "core/telemetry/metrics.hpp"
#include "daemon/providers/provider.hpp"

namespace exai::providers {

struct Preset {
  std::string_view name;
  std::string_view title;
  // Models that begin so belong to it even when the table does not know them; blank-separated.
  std::string_view prefixes;
  std::string_view key_option;  // what to set to switch it on
  WebSearch web_search = WebSearch::none;
  std::string_view file_purpose = {};  // as its API calls it; empty: it takes no files
  bool makes_text_of_files = false;
};
std::span<const Preset> presets();  // in the order in which a default provider is chosen

// One provider as the options describe it.
struct ProviderSettings {
  std::string name;  // of a preset
  std::string base_url;
  Secret key;  // empty: no Authorization header
  std::string default_model;
  std::vector<std::string> models;  // beyond the table
  Duration timeout = 120s;          // of each silence
};

// The HTTP request that a provider with these settings would send, as {"method", "url", "headers",
// "body", "timeout_ms"}; the key is not in it.
json::object preview(const ProviderSettings& settings, ChatRequest request);

// mcp_api_calls_total, mcp_api_latency_seconds, mcp_tokens_total: shared by all providers.
struct ApiMetrics {
  explicit ApiMetrics(telemetry::Metrics& metrics);
  telemetry::Family<telemetry::Counter>& calls;
  telemetry::Family<telemetry::Histogram>& latency;
  telemetry::Family<telemetry::Counter>& tokens;
};

// Lifetime: the collaborators outlive the provider.
std::unique_ptr<Provider> make_openai_provider(HttpClient& http, Clock& clock, ApiMetrics& metrics,
                                               ProviderSettings settings);

}  // namespace exai::providers
