// Any text a client may send: parsed or refused, and whatever is parsed can be answered.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/signaling/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry::gateway;
  const auto request = ParseRequest({reinterpret_cast<const char*>(data), size});
  if (!request) {
    ErrorMessage(request.error());
  } else if (const auto* join = std::get_if<JoinRequest>(&request->body)) {
    ToString(join->room);
    UserEntered(join->user_id);
  } else if (const auto* update = std::get_if<UpdateStreamRequest>(&request->body)) {
    StreamRemoved("user", update->stream_id);
  } else if (const auto* publish = std::get_if<PublishRequest>(&request->body)) {
    WithSequence(
        StreamAdded("user", {.info = {.codec = publish->codec}, .encodings = publish->encodings}),
        1);
  } else if (const auto* preference = std::get_if<UpdateSubscriptionRequest>(&request->body)) {
    static_cast<void>(preference->preference.AppliedTo({}));
  }
  return 0;
}
