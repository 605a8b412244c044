#include "core/session/audio_receiver.h"

#include "core/audio/opus_encoder.h"

namespace ferry::session {

AudioReceiver::AudioReceiver()
    : jitter_buffer_({.channels = kChannels}),
      reception_(kOpusSampleRate),
      capture_clock_(kOpusSampleRate) {}

void AudioReceiver::Receive(const rtp::RtpPacket& packet, Timestamp now) {
  // Reports tell what the network lost, repaired or not.
  if (!packet.recovered) {
    reception_.OnPacket(packet.sequence, packet.header.timestamp, packet.bytes.size(), now);
  }
  if (packet.extensions.absolute_capture_time) {
    capture_clock_.Update(packet.header.timestamp, *packet.extensions.absolute_capture_time);
  }
  jitter_buffer_.InsertPacket({.sequence_number = packet.header.sequence_number,
                               .rtp_timestamp = packet.header.timestamp,
                               .payload = packet.payload(),
                               .recovered = packet.recovered},
                              now);
}

void AudioReceiver::OnSenderReport(const rtp::SenderReport& report, Timestamp now) {
  reception_.OnSenderReport(report.ntp_time, now);
  capture_clock_.Update(report.rtp_timestamp, report.ntp_time);
}

void AudioReceiver::Pull(Timestamp now, Duration downstream, std::span<float> out) {
  const AudioFrame frame = jitter_buffer_.GetAudio(now, out);
  meter_.Analyze(out);
  if (frame.kind != AudioFrameKind::kSilence) ++blocks_played_;
  const auto captured =
      frame.has_timestamp ? capture_clock_.CaptureTime(frame.rtp_timestamp) : std::nullopt;
  if (captured) {
    end_to_end_ = now + downstream - *captured;
  } else {
    end_to_end_.reset();
  }
}

}  // namespace ferry::session
