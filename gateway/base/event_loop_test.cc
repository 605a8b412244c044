#include "gateway/base/event_loop.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace ferry::gateway {
namespace {

TEST(EventLoopTest, WhatAnOperationThrowsEndsNoOther) {
  EventLoop io;
  std::vector<std::string> heard;
  boost::asio::post(io, [] { throw std::runtime_error("a bug"); });
  boost::asio::post(io, [] { throw 7; });
  boost::asio::post(io, [&] { heard.emplace_back("the next"); });
  io.RunContained([&](std::string_view what) { heard.emplace_back(what); });
  EXPECT_EQ(heard,
            (std::vector<std::string>{"a bug", "something that is no std::exception", "the next"}));
}

}  // namespace
}  // namespace ferry::gateway
