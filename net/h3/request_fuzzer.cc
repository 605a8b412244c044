// Any header block: decoded within its limit or refused; a request for a session reads back as the
// same after it is written again, and so does an answer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "net/h3/request.h"
#include "net/h3/settings.h"

namespace {

using namespace ferry;
using namespace ferry::net;

void CheckRequest(const std::vector<HeaderField>& fields) {
  const auto head = ParseRequest(fields);
  if (!head || !head->webtransport()) return;
  const auto fields_again = DecodeHeaders(EncodeConnect(head->connect));
  // Written again it may be a little larger: without Huffman's code, and with what we always add.
  if (!fields_again) {
    if (fields_again.error() != H3Error::kExcessiveLoad) std::abort();
    return;
  }
  const auto again = ParseRequest(*fields_again);
  if (!again || again->connect.authority != head->connect.authority ||
      again->connect.path != head->connect.path || again->connect.origin != head->connect.origin ||
      again->connect.protocols != head->connect.protocols) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto fields = DecodeHeaders({data, size});
  if (!fields) return 0;
  size_t total = 0;
  for (const auto& [name, value] : *fields) total += name.size() + value.size() + 32;
  if (total > kMaxHeaderBytes) std::abort();
  CheckRequest(*fields);
  const auto response = ParseResponse(*fields);
  if (response && response->status > 999) std::abort();
  return 0;
}
