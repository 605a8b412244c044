// net/asio.h under the gateway's names.
#pragma once

#include "net/asio.h"

namespace ferry::gateway {

namespace asio = boost::asio;
using boost::system::error_code;
using net::Into;

}  // namespace ferry::gateway
