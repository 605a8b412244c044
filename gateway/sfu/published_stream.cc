#include "gateway/sfu/published_stream.h"

#include <utility>

#include "gateway/sfu/payload_facts.h"
#include "gateway/sfu/sfu_worker.h"

namespace ferry::gateway {

PublishedStream::PublishedStream(Publication publication, PublisherSink& publisher,
                                 SfuWorker& worker)
    : publication_(std::move(publication)),
      publisher_(publisher),
      worker_(worker),
      encodings_(publication_.encodings.size(), Encoding(ClockRate(publication_.info.codec))) {
  worker_.Add(*this);
}

PublishedStream::~PublishedStream() { worker_.Remove(*this, /*ended=*/!released_); }

bool PublishedStream::OnRtp(size_t encoding, ByteSpan bytes, const rtp::RtpPacketView& view,
                            Timestamp now, bool recovered) {
  if (view.header.payload_type != PayloadType(info().codec)) return false;
  Encoding& state = encodings_[encoding];
  const int64_t sequence = state.sequence.Unwrap(view.header.sequence_number);
  // Reports tell what the network lost, repaired or not.
  if (!recovered) state.reception.OnPacket(sequence, view.header.timestamp, bytes.size(), now);
  // Of a reliable transport only the last number matters: should the publisher move to one that
  // loses packets, what the move lost is asked for, and nothing from before.
  if (reliable_) state.nacks = {};
  state.nacks.OnPacket(sequence, now);
  const PayloadFacts facts = FactsOf(info().codec, view.payload);
  const bool begins = facts.starts_keyframe || info().kind != MediaKind::kVideo;
  state.beginning.OnPacket(sequence, begins, state.nacks, now);
  if (!reliable_) RequestMissing(encoding, now);
  if (facts.starts_keyframe) state.keyframes.OnKeyframe();
  if (!wanted()) return true;
  worker_.Deliver(*this, worker_.pool().Make(bytes, view, facts, encoding), now);
  return true;
}

void PublishedStream::OnSenderReport(size_t encoding, const rtp::SenderReport& report,
                                     Timestamp now) {
  encodings_[encoding].reception.OnSenderReport(report.ntp_time, now);
  last_report_ = report;
  last_report_->blocks.clear();
  // Each report becomes one per subscriber, and a single packet holds dozens. The next of an honest
  // publisher makes up for one left out.
  if (last_forwarded_ && now - *last_forwarded_ < kMinReportInterval) return;
  last_forwarded_ = now;
  worker_.Deliver(*this, *last_report_, now);
}

void PublishedStream::RequestKeyframe(size_t encoding, Timestamp now) {
  if (encoding >= encodings_.size()) return;
  if (encodings_[encoding].keyframes.Request(now)) publisher_.RequestKeyframe(ssrc(encoding), now);
}

bool PublishedStream::wanted() const {
  return other_workers_ != 0 || worker_.FindFanout(key()) != nullptr;
}

void PublishedStream::RequestMissing(size_t encoding, Timestamp now) {
  transport::NackGenerator& nacks = encodings_[encoding].nacks;
  if (now < nacks.NextDue()) return;
  auto missing = nacks.TakeNacks(now, publisher_.round_trip());
  if (!missing.empty()) publisher_.RequestPackets(ssrc(encoding), std::move(missing), now);
}

void PublishedStream::Tick(Timestamp now) {
  for (size_t i = 0; i < encodings_.size(); ++i) {
    Encoding& state = encodings_[i];
    if (!wanted()) state.keyframes.OnKeyframe();  // nobody left to want one
    if (state.keyframes.Tick(now)) publisher_.RequestKeyframe(ssrc(i), now);
    if (reliable_) continue;
    RequestMissing(i, now);
    if (state.nacks.TakeGaveUp() && info().kind == MediaKind::kVideo) RequestKeyframe(i, now);
  }
}

void PublishedStream::AppendReportBlocks(std::vector<rtp::ReportBlock>& blocks, Timestamp now) {
  for (size_t i = 0; i < encodings_.size(); ++i) {
    Encoding& state = encodings_[i];
    if (state.reception.started()) {
      blocks.push_back(state.reception.BuildReportBlock(ssrc(i), now));
    }
  }
}

}  // namespace ferry::gateway
