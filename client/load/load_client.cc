#include "client/load/load_client.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ferry::client {
namespace {

constexpr Duration kReportInterval = Duration::Seconds(1);
// Encodings of a client's streams in PacketStamp::stream.
constexpr int kEncodings = 4;
constexpr int kAudioEncoding = 0;
constexpr int kBigEncoding = 1;

// Packets that may wait: of who only reports, of sound too, or a key frame and more of each size.
size_t QueueSize(const ClientPlan& client, const LoadPlan& plan) {
  if (client.place < plan.video_publishers) return 1024;
  return client.place < plan.audio_publishers ? 64 : 32;
}

// Clients move apart from each other: by the golden ratio's multiples, which spread evenly.
double MovePhase(int index) {
  constexpr double kGolden = 0.618033988749895;
  return std::fmod((index + 1) * kGolden, 1.0);
}

// Of a connection that came too late.
class NoHandler final : public net::ConnectionHandler {
  void OnControl(std::string_view) override {}
  void OnMedia(ByteSpan) override {}
  bool NextFrame(net::OutgoingFrame&) override { return false; }
  void OnClosed(const net::ConnectionEnd&) override {}
};

}  // namespace

LoadClient::LoadClient(ClientPlan client, const LoadPlan& plan, const Clock& clock,
                       LoadStats& stats)
    : client_(std::move(client)),
      plan_(plan),
      clock_(clock),
      stats_(stats),
      session_(client_.join, clock, *this, *this),
      queue_(QueueSize(client_, plan)) {}

void LoadClient::Begin() { began_ = clock_.Now(); }

std::unique_ptr<net::ConnectionHandler> LoadClient::NewHandler(net::Connection& connection) {
  if (failed_ || session_.leaving() || session_.ended()) {
    connection.Abort();
    return std::make_unique<NoHandler>();
  }
  if (moving_) {
    TellMove();
  } else {
    stats_.connecting.Record(clock_.Now() - began_);
  }
  return session_.NewHandler(connection);
}

void LoadClient::OnConnectFailed(const std::string& reason) {
  Fail((moving_ ? "move: connect: " : "connect: ") + reason);
}

std::optional<net::TransportKind> LoadClient::TakeMove(Timestamp now) {
  if (!next_move_ || now < *next_move_ || !publishing_ || failed_ || session_.leaving()) return {};
  next_move_.reset();
  moving_ = true;
  began_ = now;
  return session_.transport() == net::TransportKind::kWebSocket ? net::TransportKind::kWebTransport
                                                                : net::TransportKind::kWebSocket;
}

// At its beginning and its end.
void LoadClient::TellMove() {
  for (auto* streams : {&audio_, &video_}) {
    for (SyntheticStream& stream : *streams) stream.OnMove();
  }
  for (auto& [ssrc, checker] : checkers_) checker.OnMove(clock_.Now());
}

void LoadClient::OnResumed() {
  if (!std::exchange(moving_, false)) return;
  TellMove();
  ++stats_.switches;
  stats_.switching.Record(clock_.Now() - began_);
  next_move_ = began_ + *plan_.switch_every;
}

void LoadClient::Fail(const std::string& reason) {
  if (std::exchange(failed_, true)) return;
  stats_.Fail(reason);
}

uint32_t LoadClient::StampStream(int encoding) const {
  return static_cast<uint32_t>(client_.index * kEncodings + encoding);
}

// --- Control

void LoadClient::OnJoined(const std::vector<RemoteUser>& users) {
  joined_ = true;
  ++stats_.joined;
  stats_.joining.Record(clock_.Now() - began_);
  next_report_ = clock_.Now() + kReportInterval;
  if (plan_.switch_every) {
    next_move_ = clock_.Now() + *plan_.switch_every * MovePhase(client_.index);
  }
  if (client_.place < plan_.audio_publishers) Publish(MediaKind::kAudio);
  if (client_.place < plan_.video_publishers) Publish(MediaKind::kVideo);
  for (const RemoteUser& user : users) {
    for (const RemoteStream& stream : user.streams) Subscribe(stream);
  }
}

void LoadClient::Publish(MediaKind kind) {
  PublishParams params = {.kind = kind, .codec = kind == MediaKind::kAudio ? "opus" : "vp8"};
  if (kind == MediaKind::kVideo) {
    const auto add = [&](const StreamShape& shape) {
      params.encodings.push_back({shape.width, shape.height, shape.bitrate.bps()});
    };
    add(plan_.big);
    if (plan_.small) add(*plan_.small);
  }
  if (const auto id = session_.Publish(params)) publish_requests_[*id] = kind;
}

void LoadClient::OnPublished(const Published& published) {
  const auto request = publish_requests_.find(published.request_id);
  if (request == publish_requests_.end()) return;
  const MediaKind kind = request->second;
  publish_requests_.erase(request);
  // Publishers begin apart, so that their frames do not all fall into one moment.
  const Timestamp start = clock_.Now() + Duration::Millis(client_.index * 7 % 40);
  if (kind == MediaKind::kAudio) {
    audio_.emplace_back(plan_.audio, published.ssrcs[0], StampStream(kAudioEncoding), start);
    return;
  }
  const StreamShape* shapes[] = {&plan_.big, plan_.small ? &*plan_.small : nullptr};
  for (size_t i = 0; i < published.ssrcs.size() && i < std::size(shapes) && shapes[i]; ++i) {
    video_.emplace_back(*shapes[i], published.ssrcs[i],
                        StampStream(kBigEncoding + static_cast<int>(i)), start);
  }
}

void LoadClient::Subscribe(const RemoteStream& stream) {
  const bool audio = stream.kind == MediaKind::kAudio;
  int& wanted = audio ? audio_wanted_ : video_wanted_;
  if (wanted >= (audio ? plan_.subscribe_audio : plan_.subscribe_video)) return;
  if (!wanted_.emplace(stream.stream_id, stream.kind).second) return;
  ++wanted;
  static_cast<void>(session_.Subscribe(stream.stream_id, audio ? nullptr : &plan_.preference));
}

void LoadClient::OnSubscribed(const std::string& stream_id, uint32_t ssrc) {
  const auto found = wanted_.find(stream_id);
  if (found == wanted_.end()) return;
  checkers_.try_emplace(ssrc, found->second, ssrc, clock_.Now());
}

void LoadClient::OnRequestFailed(RequestType type, const std::string& stream_id,
                                 const RequestError& error) {
  // The stream ended before the request arrived.
  constexpr int kNoSuchStream = 20007;
  if (type == RequestType::kSubscribe && error.code == kNoSuchStream) {
    wanted_.erase(stream_id);
    return;
  }
  Fail("request: " + std::to_string(error.code) + " " + error.message);
}

void LoadClient::OnNotification(const Notification& notification) {
  if (const auto* added = std::get_if<StreamAdded>(&notification)) Subscribe(added->stream);
  if (const auto* refused = std::get_if<Refused>(&notification)) {
    Fail("refused: " + std::to_string(refused->error.code) + " " + refused->error.message);
  }
}

void LoadClient::OnConnectionLost(const net::ConnectionEnd& end) {
  const char* when = moving_ ? "move: lost: " : joined_ ? "lost: " : "lost before it joined: ";
  Fail(when + std::to_string(end.code) + " " + end.reason);
}

void LoadClient::OnEnded(const SessionEnd& end) {
  if (end.cause == SessionEnd::Cause::kLeft) return;
  Fail("ended: " + std::to_string(end.code) + " " + end.reason);
}

// --- Media

void LoadClient::OnPacket(ByteSpan packet, Timestamp now) {
  if (rtp::IsRtcp(packet)) {
    OnRtcp(packet, now);
    return;
  }
  const auto view = rtp::ParseRtp(packet);
  if (!view) {
    ++stats_.video.damaged;
    return;
  }
  if (view->extensions.transport_sequence_number) {
    arrivals_.OnPacket(*view->extensions.transport_sequence_number, now);
  }
  if (!last_checker_ || last_checker_->ssrc() != view->header.ssrc) {
    const auto found = checkers_.find(view->header.ssrc);
    // Packets may overtake the answer to their subscription.
    if (found == checkers_.end()) return;
    last_checker_ = &found->second;
  }
  last_checker_->OnPacket(*view, packet.size(), now, stats_);
}

SyntheticStream* LoadClient::FindStream(uint32_t ssrc) {
  for (auto* streams : {&audio_, &video_}) {
    const auto found = std::ranges::find(*streams, ssrc, &SyntheticStream::ssrc);
    if (found != streams->end()) return &*found;
  }
  return nullptr;
}

void LoadClient::OnRtcp(ByteSpan packet, Timestamp now) {
  // Publishers alone have something to learn from it.
  if (audio_.empty() && video_.empty()) return;
  const auto parts = rtp::ParseRtcp(packet);
  if (!parts) return;
  for (const rtp::RtcpPacket& part : *parts) {
    if (const auto* pli = std::get_if<rtp::PictureLossIndication>(&part)) {
      if (SyntheticStream* stream = FindStream(pli->media_ssrc)) {
        ++stats_.sent.keyframe_requests;
        stream->RequestKeyframe();
      }
    } else if (const auto* nack = std::get_if<rtp::Nack>(&part)) {
      SyntheticStream* stream = FindStream(nack->media_ssrc);
      if (!stream) continue;
      for (const uint16_t number : nack->sequence_numbers) {
        if (stream->Resend(number, RoundTrip(), now, queue_)) ++stats_.sent.resent;
      }
    }
  }
  if (!queue_.empty()) session_.Wake();
}

ByteSpan LoadClient::NextPacket(Timestamp) {
  if (!std::exchange(popped_, true)) queue_.Pop();
  if (queue_.empty()) return {};
  popped_ = false;
  const MutableByteSpan packet = queue_.Front();
  if (const size_t offset = queue_.front_transport_sequence_offset()) {
    rtp::RewriteTransportSequenceNumber(packet, offset, transport_sequence_++);
    ++stats_.sent.packets;
    stats_.sent.bytes += packet.size();
  }
  return packet;
}

void LoadClient::TickMedia(Timestamp now) {
  if (!publishing_ || (audio_.empty() && video_.empty()) || !session_.connected()) return;
  for (SyntheticStream& stream : audio_) {
    stream.SetLoud(IsLoud(plan_, client_.place, now));
    stats_.sent.overflowed += stream.Produce(now, queue_);
  }
  for (SyntheticStream& stream : video_) stats_.sent.overflowed += stream.Produce(now, queue_);
  if (!queue_.empty()) session_.Wake();
}

void LoadClient::Send(const rtp::RtcpPacket& packet) {
  rtcp_.clear();
  const MutableByteSpan slot = queue_.Next();
  if (slot.empty() || !rtp::AppendRtcp(packet, rtcp_)) return;
  std::ranges::copy(rtcp_, slot.begin());
  queue_.Push(rtcp_.size(), 0);
}

void LoadClient::TickControl(Timestamp now) {
  session_.Tick();
  if (moving_ && now - began_ > kMoveTimeout) {
    moving_ = false;
    Fail("move: no answer in time");
  }
  if (!session_.connected()) return;
  while (auto feedback = arrivals_.BuildFeedback()) Send(*feedback);
  const bool lossy = session_.transport() != net::TransportKind::kWebSocket;
  const Duration round_trip = RoundTrip();
  for (auto& [ssrc, checker] : checkers_) {
    ReceiverStats& stats = checker.kind() == MediaKind::kAudio ? stats_.audio : stats_.video;
    if (lossy && checker.kind() == MediaKind::kVideo) {
      if (auto missing = checker.TakeNacks(now, round_trip); !missing.empty()) {
        stats.nacked += missing.size();
        Send(rtp::Nack{.media_ssrc = ssrc, .sequence_numbers = std::move(missing)});
      }
    }
    if (publishing_ && checker.TakeKeyframeRequest(now)) {
      ++stats.keyframe_requests;
      Send(rtp::PictureLossIndication{.media_ssrc = ssrc});
    }
  }
  if (joined_ && now >= next_report_) SendReports(now);
  if (!queue_.empty()) session_.Wake();
}

void LoadClient::SendReports(Timestamp now) {
  next_report_ = now + kReportInterval;
  for (auto* streams : {&audio_, &video_}) {
    for (const SyntheticStream& stream : *streams) Send(stream.BuildSenderReport(now));
  }
  rtp::ReceiverReport report;
  for (const auto& [ssrc, checker] : checkers_) {
    if (!checker.started()) continue;
    report.blocks.push_back({.ssrc = ssrc, .highest_sequence = checker.highest_sequence()});
    if (report.blocks.size() < kMaxReportBlocks) continue;
    Send(report);
    report.blocks.clear();
  }
  if (!report.blocks.empty()) Send(report);
}

// --- The measured time

void LoadClient::TickSecond() {
  for (auto& [ssrc, checker] : checkers_) {
    if (checker.kind() == MediaKind::kVideo) stats_.frame_rate.Record(checker.TakeFrames());
  }
}

void LoadClient::Restart() {
  stats_.sent.streams += audio_.size() + video_.size();
  for (auto& [ssrc, checker] : checkers_) checker.Restart();
}

void LoadClient::Finish() {
  for (auto& [ssrc, checker] : checkers_) {
    checker.Finish(checker.kind() == MediaKind::kAudio ? stats_.audio : stats_.video);
  }
}

}  // namespace ferry::client
