#include "daemon/providers/provider.hpp"

namespace exai::providers {

namespace {

// "GLM makes no text of files"
tl::unexpected<ProviderError> cannot(const ProviderInfo& info, std::string_view what) {
  return tl::unexpected(
      ProviderError{Failure::invalid, fmt::format("{} {}", info.title, what), std::nullopt});
}

}  // namespace

Task<Outcome<std::string>> Provider::send_file(FileToSend) {
  co_return cannot(info(), "takes no files");
}
Task<Outcome<std::string>> Provider::text_of_file(std::string) {
  co_return cannot(info(), "makes no text of files");
}
Task<Outcome<>> Provider::remove_file(std::string) {
  co_return cannot(info(), "takes no files");
}
Task<Outcome<std::vector<SearchHit>>> Provider::search(SearchQuery) {
  co_return cannot(info(), "has no web search without a model");
}

}  // namespace exai::providers
