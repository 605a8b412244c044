// Boost.Asio as the house uses it: coroutines that get their errors as values.
#pragma once

// Asio 1.74 uses std::exchange without saying where it comes from.
#include <utility>

// After it, therefore apart.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ferry::net {

namespace asio = boost::asio;
using boost::system::error_code;

// co_await operation(…, Into(error)): the operation's error ends up in `error`.
inline auto Into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

}  // namespace ferry::net
