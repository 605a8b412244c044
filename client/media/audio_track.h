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
  // What a coder holds back: so much silence follows the last sample, so that it is heard.
  static constexpr int kLookAheadSamples = 312;
  // Packets of silence after the end: what a decoder invents when nothing follows is like what it
  // heard last, for 200 ms.
  static constexpr size_t kSilentPackets = 5;

  // `loop`: begins anew at its end, without a sample between. Fails where the file cannot.
  static AudioTrack FromSound(std::unique_ptr<SoundSource> sound, DataRate bitrate, bool loop);
  // Sent as they are when all are as the protocol wants them (docs/protocol.md §3) and nothing of
  // them is to be changed, else decoded and encoded anew.
  static Result<AudioTrack> FromPackets(OggOpusReader file, DataRate bitrate, bool loop);

  // Whether nothing is encoded here.
  bool as_it_is() const { return packets_.has_value(); }
  bool endless() const { return loop_ || (sound_ && sound_->endless()); }
  // What each SendNext sends.
  Duration interval() const { return Duration::Millis(as_it_is() ? 20 : 10); }

  // Before it nothing is sent; again when the SSRC is another.
  Result<void> Start(uint32_t ssrc, session::MediaSession& engine);
  bool started() const { return ssrc_.has_value(); }
  // False when everything has been sent.
  Result<bool> SendNext(Timestamp capture_time, Timestamp now, session::MediaSession& engine);
  std::vector<FileNote> TakeNotes();

 private:
  AudioTrack(DataRate bitrate, bool loop) : bitrate_(bitrate), loop_(loop) {}
  Result<bool> SendPacket(Timestamp capture_time, Timestamp now, session::MediaSession& engine);
  Result<bool> SendSilence(Timestamp capture_time, Timestamp now, session::MediaSession& engine);
  Result<bool> ReadBlock();

  DataRate bitrate_;
  bool loop_;
  std::optional<uint32_t> ssrc_;
  std::unique_ptr<SoundSource> sound_;
  std::vector<float> samples_;
  size_t pass_samples_ = 0;           // read since the file began
  size_t blocks_ = 0;                 // sent
  std::optional<size_t> last_block_;  // that is to be sent, once the end is known

  std::optional<OggOpusReader> packets_;
  std::optional<OpusDecoder> decoder_;  // tells how loud they are
  OpusFilePacket packet_;
  size_t silent_packets_ = 0;         // sent after the end
  std::vector<uint8_t> last_packet_;  // in place of the file's, which goes on beyond its end
};

}  // namespace ferry::client
