// Any header block: decoded within its limit or refused; a request for a session reads back as the
// same after it is written again, and so does an answer.
#include <cstddef>
#include <cstdint>

#include "core/base/testing/check.h"
#include "net/h3/request.h"
#include "net/h3/settings.h"

namespace {

using namespace ferry;
using namespace ferry::net;

void CheckRequest(const std::vector<HeaderField>& fields) {
  const auto head = ParseRequest(fields);
  if (!head) return;
  Check(head->connect.protocols.size() <= kMaxOfferedProtocols);
  if (!head->webtransport()) return;
  const auto fields_again = DecodeHeaders(EncodeConnect(head->connect));
  // Written again it may be a little larger: without Huffman's code, and with what we always add.
  if (!fields_again) {
    return Check(fields_again.error() == H3Error::kExcessiveLoad);
  }
  const auto again = ParseRequest(*fields_again);
  Check(again && again->webtransport());
  Check(again->connect.authority == head->connect.authority);
  Check(again->connect.path == head->connect.path);
  Check(again->connect.origin == head->connect.origin);
  Check(again->connect.protocols == head->connect.protocols);
}

void CheckResponse(const std::vector<HeaderField>& fields) {
  const auto head = ParseResponse(fields);
  if (!head || head->status < 100) return;  // no status at all (RFC 9110 §15)
  const auto fields_again = DecodeHeaders(EncodeStatus(head->status));
  Check(fields_again.has_value());
  const auto again = ParseResponse(*fields_again);
  Check(again && again->status == head->status);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto fields = DecodeHeaders({data, size});
  if (!fields) return 0;
  size_t total = 0;
  for (const auto& [name, value] : *fields) total += name.size() + value.size() + 32;
  Check(total <= kMaxHeaderBytes);
  CheckRequest(*fields);
  CheckResponse(*fields);
  return 0;
}
