#include "daemon/net/stdio.hpp"

#include <utility>

namespace exai::net {

Result<std::unique_ptr<Stdio>> Stdio::open(Loop& loop, Log log, McpEndpoint& endpoint,
                                           std::size_t limit, int in, int out) {
  TRY(lines, LineStream::open(loop, std::move(log), limit, in, out));
  return std::unique_ptr<Stdio>(new Stdio(std::move(lines), endpoint));
}

Stdio::Stdio(std::unique_ptr<LineStream> lines, McpEndpoint& endpoint) : lines_(std::move(lines)) {
  LineStream* out = lines_.get();
  duplex_ = endpoint.connect("stdio", [out](std::string text) { out->write(std::move(text)); });
}

Task<> Stdio::serve() {
  for (;;) {
    const auto line = co_await lines_->next();
    if (!line) co_return;
    if (line->has_value()) {
      duplex_->receive(**line);
    } else {
      const auto refusal = rpc::error_of(std::nullopt, rpc::kParseError, line->error().message());
      lines_->write(rpc::to_text(refusal));
    }
  }
}

}  // namespace exai::net
