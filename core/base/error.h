// Errors are values: Result<T> is std::expected with one error type for the whole engine.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace ferry {

// What kind of thing went wrong; `message` says it in words, with the offending value.
enum class ErrorCode {
  kMalformed,        // bytes that are not what their format requires
  kTruncated,        // the format promises more bytes than there are
  kUnsupported,      // well formed, but not something we handle
  kInvalidArgument,  // the caller asked for something impossible
  kLimitExceeded,    // a documented bound would be passed
  kNotFound,
  kCodec,  // a codec refused
};

struct Error {
  ErrorCode code;
  std::string message;
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> Fail(ErrorCode code, std::string_view message) {
  return std::unexpected(Error{code, std::string(message)});
}

}  // namespace ferry
