// A published sound: samples that are encoded here, or the packets of a file that was encoded
// before.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "client/media/ogg_opus.h"
#include "client/media/sound_source.h"
#include "core/session/media_session.h"

namespace ferry::client {

class AudioTrack {
 public:
  static AudioTrack FromSound(std::unique_ptr<SoundSource> sound, DataRate bitrate);
  // Sent as they are when all are as the protocol wants them (docs/protocol.md §3), else decoded
  // and encoded anew.
  static Result<AudioTrack> FromPackets(OggOpusReader file, DataRate bitrate);

  // Whether nothing is encoded here.
  bool as_it_is() const { return packets_.has_value(); }
  // What each SendNext sends.
  Duration interval() const { return Duration::Millis(as_it_is() ? 20 : 10); }

  // Before it nothing is sent; again when the SSRC is another.
  Result<void> Start(uint32_t ssrc, session::MediaSession& engine);
  bool started() const { return ssrc_.has_value(); }
  // False at the end; the next call begins anew.
  Result<bool> SendNext(Timestamp capture_time, Timestamp now, session::MediaSession& engine);

 private:
  explicit AudioTrack(DataRate bitrate) : bitrate_(bitrate) {}
  Result<bool> SendPacket(Timestamp capture_time, Timestamp now, session::MediaSession& engine);

  DataRate bitrate_;
  std::optional<uint32_t> ssrc_;
  std::unique_ptr<SoundSource> sound_;
  std::vector<float> samples_;

  std::optional<OggOpusReader> packets_;
  std::optional<OpusDecoder> decoder_;  // tells how loud they are
  std::vector<uint8_t> packet_;
};

}  // namespace ferry::client
