#include "gateway/sfu/stream_source.h"

namespace ferry::gateway {

StreamSource::StreamSource(const Publication& publication, const SourceFormat& format, bool lossy,
                           SourceRequests& requests, SfuWorker& worker)
    : format_(format), requests_(requests), stream_(publication, *this, worker) {
  stream_.set_reliable(!lossy);
}

bool StreamSource::OnRtp(size_t encoding, ByteSpan packet, Timestamp now) {
  auto view = rtp::ParseRtp(packet, format_.extensions);
  if (!view || encoding >= publication().encodings.size() ||
      view->header.payload_type != format_.payload_type) {
    return false;
  }
  view->header.payload_type = PayloadType(publication().info.codec);
  view->header.ssrc = publication().encodings[encoding].ssrc;
  // Its transport-wide numbers are those of its own path, and its ids may not be ours: what is kept
  // of it is written anew, with room for a number of each subscriber's.
  view->extensions.transport_sequence_number.reset();
  view->transport_sequence_number_offset = 0;
  return stream_.OnRtp(encoding, packet, *view, now);
}

void StreamSource::OnSenderReport(size_t encoding, const rtp::SenderReport& report, Timestamp now) {
  if (encoding < publication().encodings.size()) stream_.OnSenderReport(encoding, report, now);
}

size_t StreamSource::EncodingOf(uint32_t ssrc) const {
  size_t encoding = 0;
  while (publication().encodings[encoding].ssrc != ssrc) ++encoding;
  return encoding;
}

void StreamSource::RequestKeyframe(uint32_t ssrc, Timestamp now) {
  requests_.RequestKeyframe(EncodingOf(ssrc), now);
}

void StreamSource::RequestPackets(uint32_t ssrc, std::vector<uint16_t> sequence_numbers,
                                  Timestamp now) {
  requests_.RequestPackets(EncodingOf(ssrc), sequence_numbers, now);
}

}  // namespace ferry::gateway
