#pragma once
// The readers behind read_as, one file each. Each knows one grammar, quirks and all.

#include "core/config/dotenv_readers.hpp"

namespace exai::config {

ReaderView read_as_python(std::string_view text, const Lookup& environment);
ReaderView read_as_npm(std::string_view text);
ReaderView read_as_bash(std::string_view text, const Lookup& environment);
ReaderView read_as_docker(std::string_view text, const Lookup& environment);
ReaderView read_as_systemd(std::string_view text);

// "…", '…' and `…` where a quote behind a backslash does not end the text, unless none other does:
// then the last one of those. `open` is the place of the opening quote. Returns: the place of the
// closing one.
std::optional<std::size_t> closing_quote(std::string_view text, std::size_t open);

}  // namespace exai::config
