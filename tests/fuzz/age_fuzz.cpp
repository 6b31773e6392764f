// Any bytes are an age file: a header that is written as it was read, or an error; a text for an
// identity, or an error.
#include <cstdint>
#include <cstdlib>

#include "core/secrets/age.hpp"

using namespace exai;
using namespace exai::secrets;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  // The identity that the corpus is encrypted for.
  static const std::vector<Identity> identities = {{Secret(std::string(32, '\x42'))}};
  const auto header = parse_header(file);
  if (header && header_text(header->stanzas) != header->signed_text) std::abort();
  const auto text = decrypt(file, identities);
  if (text && !header) std::abort();
  if (!text && text.error().message().empty()) std::abort();
  (void)parse_recipients(file).has_value();
  (void)parse_identities(Secret(std::string(file))).has_value();
  return 0;
}
