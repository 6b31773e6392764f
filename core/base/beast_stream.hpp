#pragma once
// What Beast asks of a stream that carries a WebSocket, for the two .cpp files that have one.

#include <boost/beast/websocket/teardown.hpp>
#include <utility>

#include "core/base/stream.hpp"

namespace exai {

// The end of the TCP connection, as Beast does it; inside TLS after a goodbye.
template <class Handler>
void async_teardown(boost::beast::role_type role, Stream& stream, Handler&& handler) {
  stream.say_goodbye();
  boost::beast::websocket::async_teardown(role, stream.socket(), std::forward<Handler>(handler));
}

}  // namespace exai
