#pragma once
// What the kinds that talk over the network share. For the files of core/checks alone.

#include <boost/asio/ip/tcp.hpp>

#include "core/checks/proofs.hpp"

namespace exai::checks {

using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

// Errors: unavailable, with words for an operator ("connection refused by 127.0.0.1:6379").
Task<Result<Socket>> connect(Attempt& attempt, std::string host, std::uint16_t port);

// A request whose own limits stay behind the deadline of the run.
HttpRequest request_to(const Attempt& attempt, const config::Check& check, std::string url);

}  // namespace exai::checks
