#include "client/media/audio_track.h"

#include <utility>

namespace ferry::client {

AudioTrack AudioTrack::FromSound(std::unique_ptr<SoundSource> sound, DataRate bitrate) {
  AudioTrack track(bitrate);
  track.sound_ = std::move(sound);
  return track;
}

Result<AudioTrack> AudioTrack::FromPackets(OggOpusReader file, DataRate bitrate) {
  std::vector<uint8_t> packet;
  bool fits = true;
  while (file.ReadPacket(packet)) {
    const auto info = ParseOpusPacket(packet);
    fits = fits && info && info->samples == kOpusFrameSamples &&
           packet.size() <= session::AudioSender::MaxEncodedPacket();
  }
  if (!fits) {
    return FromSound(std::make_unique<FileSound<OggOpusReader>>(std::move(file)), bitrate);
  }
  auto decoder = OpusDecoder::Create(file.channels());
  if (!decoder) return std::unexpected(decoder.error());
  AudioTrack track(bitrate);
  track.packets_.emplace(std::move(file));
  track.decoder_.emplace(std::move(*decoder));
  return track;
}

Result<void> AudioTrack::Start(uint32_t ssrc, session::MediaSession& engine) {
  if (ssrc_) static_cast<void>(engine.RemoveSender(*ssrc_));
  ssrc_ = ssrc;
  const int channels = packets_ ? packets_->channels() : sound_->channels();
  samples_.resize(static_cast<size_t>(OpusSamples(interval()) * channels));
  return engine.AddAudioSender(ssrc, channels, bitrate_);
}

Result<bool> AudioTrack::SendNext(Timestamp capture_time, Timestamp now,
                                  session::MediaSession& engine) {
  if (!ssrc_) return true;
  if (packets_) return SendPacket(capture_time, now, engine);
  if (!sound_->Next(samples_)) return false;
  const auto sent = engine.PushAudio(*ssrc_, samples_, capture_time, now);
  if (!sent) return std::unexpected(sent.error());
  return true;
}

Result<bool> AudioTrack::SendPacket(Timestamp capture_time, Timestamp now,
                                    session::MediaSession& engine) {
  if (!packets_->ReadPacket(packet_)) {
    decoder_->Reset();
    return false;
  }
  // What cannot be decoded after all is silent to the gateway, and up to the receivers.
  if (!decoder_->Decode(packet_, samples_)) samples_.assign(samples_.size(), 0.0f);
  const auto sent = engine.PushOpus(*ssrc_, packet_, samples_, capture_time, now);
  if (!sent) return std::unexpected(sent.error());
  return true;
}

}  // namespace ferry::client
