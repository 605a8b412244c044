#include "client/media/audio_track.h"

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

namespace ferry::client {
namespace {

constexpr size_t kFrame = kOpusFrameSamples;

// The last packet of a file whose sound ends within it, encoded anew with silence from there on.
// `last`: it and those before it. Empty when that cannot be.
std::vector<uint8_t> EndPacket(const std::deque<OpusFilePacket>& last, int channels) {
  // So many are encoded: the coder knows what came before, as whoever decodes the packet does.
  constexpr size_t kEncoded = 3;
  constexpr int64_t kBitsPerChannel = 96'000;
  auto decoder = OpusDecoder::Create(channels);
  auto encoder = OpusEncoder::Create({.channels = channels,
                                      .bitrate = DataRate::BitsPerSec(kBitsPerChannel * channels),
                                      .application = OpusEncoderConfig::Application::kAudio,
                                      .fec = false});
  if (!decoder || !encoder) return {};
  std::vector<float> sound;
  std::vector<float> decoded(kFrame * static_cast<size_t>(channels));
  for (const OpusFilePacket& packet : last) {
    if (!decoder->Decode(packet.bytes, decoded)) return {};
    std::fill(decoded.begin() + static_cast<ptrdiff_t>(packet.kept * static_cast<size_t>(channels)),
              decoded.end(), 0.0f);
    sound.insert(sound.end(), decoded.begin(), decoded.end());
  }
  // What comes out of a decoder went into the coder so many samples before.
  const size_t ahead = AudioTrack::kLookAheadSamples * static_cast<size_t>(channels);
  sound.insert(sound.end(), ahead, 0.0f);
  std::array<uint8_t, kMaxOpusPacketBytes> bytes;
  size_t size = 0;
  const size_t first = last.size() - std::min(last.size(), kEncoded);
  for (size_t i = first; i < last.size(); ++i) {
    const auto block = std::span(sound).subspan(i * decoded.size() + ahead, decoded.size());
    const auto encoded = encoder->Encode(block, bytes);
    if (!encoded) return {};
    size = *encoded;
  }
  return {bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)};
}

}  // namespace

AudioTrack AudioTrack::FromSound(std::unique_ptr<SoundSource> sound, DataRate bitrate, bool loop) {
  AudioTrack track(bitrate, loop);
  track.sound_ = std::move(sound);
  return track;
}

Result<AudioTrack> AudioTrack::FromPackets(OggOpusReader file, DataRate bitrate, bool loop) {
  // Of the packets that are sent as they are.
  constexpr size_t kDecodedForTheLast = 5;
  // Less than a packet of a decoder's beginning is next to silent; in a loop it would be a hole.
  bool as_it_is = file.rewindable() && file.gain() == 1.0f && file.pre_skip() < kFrame &&
                  (!loop || file.pre_skip() == 0);
  std::deque<OpusFilePacket> last;
  if (as_it_is) {
    for (OpusFilePacket packet; as_it_is && file.ReadPacket(packet);) {
      as_it_is = packet.samples == kFrame &&
                 packet.bytes.size() <= session::AudioSender::MaxEncodedPacket() &&
                 (!loop || packet.kept == packet.samples);
      if (packet.kept == 0) continue;
      last.push_back(std::move(packet));
      if (last.size() > kDecodedForTheLast) last.pop_front();
    }
    file.Rewind();
  }
  if (!as_it_is || last.empty()) {
    return FromSound(std::make_unique<FileSound<OggOpusReader>>(std::move(file)), bitrate, loop);
  }
  auto decoder = OpusDecoder::Create(file.channels());
  if (!decoder) return std::unexpected(decoder.error());
  AudioTrack track(bitrate, loop);
  if (last.back().kept < last.back().samples) track.last_packet_ = EndPacket(last, file.channels());
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
  const auto read = ReadBlock();
  if (!read || !*read) return read;
  const auto sent = engine.PushAudio(*ssrc_, samples_, capture_time, now);
  if (!sent) return std::unexpected(sent.error());
  ++blocks_;
  return true;
}

// The next block in samples_; false when the last has been sent.
Result<bool> AudioTrack::ReadBlock() {
  const auto channels = static_cast<size_t>(sound_->channels());
  size_t filled = 0;
  while (!last_block_ && filled < samples_.size()) {
    const size_t got = sound_->Read(std::span(samples_).subspan(filled));
    filled += got;
    pass_samples_ += got;
    if (filled == samples_.size()) break;
    if (loop_) {
      if (std::exchange(pass_samples_, 0) == 0) {
        return Fail(ErrorCode::kMalformed, "the sound cannot be begun anew: there is none in it");
      }
      sound_->Rewind();
    } else {
      const size_t block = samples_.size() / channels;
      const size_t sound = blocks_ * block + filled / channels;
      const size_t packets =
          sound == 0 ? 0 : (sound + kLookAheadSamples + kFrame - 1) / kFrame + kSilentPackets;
      last_block_ = packets * (kFrame / block);
    }
  }
  std::fill(samples_.begin() + static_cast<ptrdiff_t>(filled), samples_.end(), 0.0f);
  return !last_block_ || blocks_ < *last_block_;
}

Result<bool> AudioTrack::SendPacket(Timestamp capture_time, Timestamp now,
                                    session::MediaSession& engine) {
  do {
    if (packets_->ReadPacket(packet_)) continue;
    if (!loop_) return SendSilence(capture_time, now, engine);
    packets_->Rewind();
    if (!packets_->ReadPacket(packet_) || packet_.kept == 0) {
      return Fail(ErrorCode::kMalformed, "the sound cannot be begun anew: there is none in it");
    }
  } while (packet_.kept == 0);
  const bool cut = packet_.kept < packet_.samples && !last_packet_.empty();
  const std::vector<uint8_t>& bytes = cut ? last_packet_ : packet_.bytes;
  // What cannot be decoded after all is silent to the gateway, and up to the receivers.
  if (!decoder_->Decode(bytes, samples_)) samples_.assign(samples_.size(), 0.0f);
  const auto sent = engine.PushOpus(*ssrc_, bytes, samples_, capture_time, now);
  if (!sent) return std::unexpected(sent.error());
  return true;
}

Result<bool> AudioTrack::SendSilence(Timestamp capture_time, Timestamp now,
                                     session::MediaSession& engine) {
  if (silent_packets_ == kSilentPackets) return false;
  ++silent_packets_;
  std::fill(samples_.begin(), samples_.end(), 0.0f);
  const auto sent = engine.PushAudio(*ssrc_, samples_, capture_time, now);
  if (!sent) return std::unexpected(sent.error());
  return true;
}

std::vector<FileNote> AudioTrack::TakeNotes() {
  return packets_ ? packets_->notes().Take() : sound_->TakeNotes();
}

}  // namespace ferry::client
