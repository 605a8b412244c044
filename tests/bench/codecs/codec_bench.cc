// The native side of ./dev bench codecs.
//
//   codec_bench clip WxH FRAMES FILE                      a synthetic clip, raw I420
//   codec_bench speech SECONDS CHANNELS FILE              speech-like sound, 48 kHz 16-bit
//   codec_bench vp8|vp9 WxH KBPS REPEAT CLIP PACKETS      encodes and decodes CLIP
//   codec_bench opus CHANNELS BPS COMPLEXITY REPEAT SOUND PACKETS
//
// The last two write the packets (each behind its length, 32 bits little-endian) and print one line
// of JSON: milliseconds for each frame, the least of REPEAT runs, so that neither a scheduling
// stall nor a cold cache counts.
#include <opus.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "core/video/codec/testing/synthetic_clip.h"
#include "core/video/codec/video_decoder.h"
#include "core/video/codec/video_encoder.h"

namespace ferry {
namespace {

constexpr double kFps = 30;
constexpr int kSampleRate = 48'000;
constexpr int kOpusFrame = kSampleRate / 50;

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "codec_bench: %s\n", message.c_str());
  std::exit(1);
}

template <typename T>
T Must(Result<T> result) {
  if (!result) Die(result.error().message);
  return std::move(*result);
}

double NowMs() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Keeps the least time seen for each frame.
class Times {
 public:
  void Add(size_t frame, double ms) {
    if (frame >= least_.size()) least_.resize(frame + 1, 1e9);
    least_[frame] = std::min(least_[frame], ms);
  }
  std::string Json() const {
    std::string out;
    for (const double ms : least_) {
      out += out.empty() ? '[' : ',';
      out += std::to_string(ms);
    }
    return out + "]";
  }

 private:
  std::vector<double> least_;
};

using Packets = std::vector<std::vector<uint8_t>>;

void Write(const char* path, const void* data, size_t bytes, const char* mode = "wb") {
  std::FILE* file = std::fopen(path, mode);
  if (!file || std::fwrite(data, 1, bytes, file) != bytes || std::fclose(file) != 0) {
    Die(std::string("cannot write ") + path);
  }
}

void Write(const char* path, const Packets& packets) {
  std::vector<uint8_t> bytes;
  for (const auto& packet : packets) {
    const auto size = static_cast<uint32_t>(packet.size());
    for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<uint8_t>(size >> (8 * i)));
    bytes.insert(bytes.end(), packet.begin(), packet.end());
  }
  Write(path, bytes.data(), bytes.size());
}

template <typename T>
std::vector<T> Read(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (!file) Die(std::string("cannot read ") + path);
  std::fseek(file, 0, SEEK_END);
  std::vector<T> data(static_cast<size_t>(std::ftell(file)) / sizeof(T));
  std::rewind(file);
  if (std::fread(data.data(), sizeof(T), data.size(), file) != data.size()) Die("short read");
  std::fclose(file);
  return data;
}

VideoSize ParseSize(const char* text) {
  VideoSize size;
  if (std::sscanf(text, "%dx%d", &size.width, &size.height) != 2 || !size.valid()) {
    Die(std::string("not a size: ") + text);
  }
  return size;
}

int WriteClip(VideoSize size, int frames, const char* path) {
  const testing::SyntheticClip clip(size);
  I420Buffer picture;
  for (int i = 0; i < frames; ++i) {
    clip.Draw(i, picture);
    const size_t bytes = size_t(size.width) * size_t(size.height) +
                         2 * size_t(size.chroma_width()) * size_t(size.chroma_height());
    Write(path, picture.y(), bytes, i == 0 ? "wb" : "ab");
  }
  return 0;
}

// Voiced syllables (a pulse train through three formants, gliding), pauses and breath noise: what
// drives Opus through its speech modes as a voice does.
int WriteSpeech(int seconds, int channels, const char* path) {
  std::vector<int16_t> samples;
  uint32_t random = 1;
  double phase = 0;
  double state[3][2] = {};
  for (int i = 0; i < seconds * kSampleRate; ++i) {
    const double t = static_cast<double>(i) / kSampleRate;
    const double syllable = std::fmod(t, 0.28) / 0.28;
    const bool pause = std::fmod(t, 3.1) > 2.6;
    const double loud = pause ? 0 : std::sin(M_PI * syllable);
    const double pitch = 120 + 25 * std::sin(2 * M_PI * 0.6 * t) + 15 * syllable;
    phase += pitch / kSampleRate;
    double pulse = 0;
    if (phase >= 1) {
      phase -= 1;
      pulse = 1;
    }
    random = random * 1664525u + 1013904223u;
    const double noise = static_cast<int32_t>(random) / 2147483648.0;
    const double source = pulse * loud + noise * (0.004 + 0.02 * loud);
    const int vowel = static_cast<int>(t / 0.28) % 4;
    static constexpr double kFormants[4][3] = {
        {730, 1090, 2440}, {270, 2290, 3010}, {570, 840, 2410}, {440, 1720, 2500}};
    double sum = 0;
    for (int f = 0; f < 3; ++f) {
      const double radius = std::exp(-M_PI * (60.0 + 40 * f) / kSampleRate);
      const double angle = 2 * M_PI * kFormants[vowel][f] / kSampleRate;
      const double y =
          source + 2 * radius * std::cos(angle) * state[f][0] - radius * radius * state[f][1];
      state[f][1] = state[f][0];
      state[f][0] = y;
      sum += y / (1 + f);
    }
    const double value = std::clamp(sum * 900, -30000.0, 30000.0);
    for (int c = 0; c < channels; ++c) {
      samples.push_back(static_cast<int16_t>(c == 0 ? value : value * 0.7 + noise * 60));
    }
  }
  Write(path, samples.data(), samples.size() * sizeof(int16_t));
  return 0;
}

int BenchVideo(bool vp9, VideoSize size, int kbps, int repeat, const char* clip_path,
               const char* packets_path) {
  const auto clip = Read<uint8_t>(clip_path);
  const size_t luma = size_t(size.width) * size_t(size.height);
  const size_t chroma = size_t(size.chroma_width()) * size_t(size.chroma_height());
  const size_t frames = clip.size() / (luma + 2 * chroma);
  const VideoEncoderSettings settings{.size = size,
                                      .fps = kFps,
                                      .bitrate = DataRate::KilobitsPerSec(kbps),
                                      .speed = std::nullopt,
                                      .threads = 1};
  Times encoding, decoding;
  Packets packets;
  uint64_t hash = 0;
  for (int run = 0; run < repeat; ++run) {
    packets.assign(frames, {});
    auto encoder = Must(vp9 ? CreateVp9Encoder(settings) : CreateVp8Encoder(settings));
    for (size_t i = 0; i < frames; ++i) {
      const uint8_t* y = clip.data() + i * (luma + 2 * chroma);
      const I420View picture{.size = size,
                             .y = y,
                             .u = y + luma,
                             .v = y + luma + chroma,
                             .stride_y = size.width,
                             .stride_uv = size.chroma_width()};
      const auto capture = Timestamp::Micros(static_cast<int64_t>(i) * 1'000'000 / 30);
      const double start = NowMs();
      const EncodedFrame frame = Must(encoder->Encode(picture, capture, false));
      encoding.Add(i, NowMs() - start);
      packets[i].assign(frame.data.begin(), frame.data.end());
    }
    auto decoder = Must(vp9 ? CreateVp9Decoder() : CreateVp8Decoder());
    hash = 0xcbf29ce484222325u;
    size_t decoded = 0;
    for (const auto& packet : packets) {
      if (packet.empty()) continue;
      const double start = NowMs();
      const auto picture = Must(decoder->Decode(packet));
      decoding.Add(decoded++, NowMs() - start);
      if (picture) hash = testing::HashPicture(*picture, hash);
    }
  }
  Write(packets_path, packets);
  std::printf("{\"encode\":%s,\"decode\":%s,\"hash\":\"%016llx\"}\n", encoding.Json().c_str(),
              decoding.Json().c_str(), static_cast<unsigned long long>(hash));
  return 0;
}

int BenchOpus(int channels, int bitrate, int complexity, int repeat, const char* sound_path,
              const char* packets_path) {
  const auto sound = Read<int16_t>(sound_path);
  const size_t frame = size_t{kOpusFrame} * static_cast<size_t>(channels);
  const size_t frames = sound.size() / frame;
  Times encoding, decoding;
  Packets packets(frames);
  std::vector<int16_t> output(frame);
  std::vector<uint8_t> packet(1500);
  for (int run = 0; run < repeat; ++run) {
    int error = 0;
    OpusEncoder* encoder =
        opus_encoder_create(kSampleRate, channels, OPUS_APPLICATION_VOIP, &error);
    if (error) Die("no Opus encoder");
    opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bitrate));
    opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(complexity));
    OpusDecoder* decoder = opus_decoder_create(kSampleRate, channels, &error);
    if (error) Die("no Opus decoder");
    for (size_t i = 0; i < frames; ++i) {
      double start = NowMs();
      const int bytes = opus_encode(encoder, sound.data() + i * frame, kOpusFrame, packet.data(),
                                    static_cast<opus_int32>(packet.size()));
      encoding.Add(i, NowMs() - start);
      if (bytes < 0) Die("Opus cannot encode");
      packets[i].assign(packet.begin(), packet.begin() + bytes);
      start = NowMs();
      if (opus_decode(decoder, packet.data(), bytes, output.data(), kOpusFrame, 0) != kOpusFrame) {
        Die("Opus cannot decode");
      }
      decoding.Add(i, NowMs() - start);
    }
    opus_encoder_destroy(encoder);
    opus_decoder_destroy(decoder);
  }
  Write(packets_path, packets);
  std::printf("{\"encode\":%s,\"decode\":%s}\n", encoding.Json().c_str(), decoding.Json().c_str());
  return 0;
}

int Main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "clip" && argc == 5)
    return WriteClip(ParseSize(argv[2]), std::atoi(argv[3]), argv[4]);
  if (what == "speech" && argc == 5) {
    return WriteSpeech(std::atoi(argv[2]), std::atoi(argv[3]), argv[4]);
  }
  if ((what == "vp8" || what == "vp9") && argc == 7) {
    return BenchVideo(what == "vp9", ParseSize(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]),
                      argv[5], argv[6]);
  }
  if (what == "opus" && argc == 8) {
    return BenchOpus(std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]), std::atoi(argv[5]),
                     argv[6], argv[7]);
  }
  Die("unknown command; see the comment at the head of codec_bench.cc");
}

}  // namespace
}  // namespace ferry

int main(int argc, char** argv) { return ferry::Main(argc, argv); }
