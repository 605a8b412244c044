// How a connection writes: streams with something to send first, then datagrams pulled from the
// handler, packet by packet, as far as congestion control, pacing and the socket let it.
#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "net/quic/idle_deadline.h"
#include "net/quic/quic_connection.h"
#include "net/quic/quic_endpoint.h"

namespace ferry::net {
namespace {

// Of a short-header packet with one DATAGRAM frame: flags, packet number and authentication tag
// (RFC 9000 §17.3, RFC 9001 §5.3), frame type and length (RFC 9221 §4).
constexpr size_t kPacketOverheadBytes = 1 + 4 + 16;
constexpr size_t kDatagramFrameBytes = 1 + 2;
// Only datagrams below this wait for others to share their packet: two of the larger ones never
// fit, and packets of one size travel in one run.
constexpr size_t kSharingDatagramBytes = 400;
// A packet this little shorter than those before it is padded: only packets of one size leave in
// one GSO run, and an acknowledgement in the first of a frame would split it.
constexpr size_t kMaxPaddingBytes = 32;
// Written in one go at the least, whatever the pacer's quantum: one packet after another would wake
// the worker for each.
constexpr size_t kMinBurstBytes = 2 * UdpSocket::kMaxPacketBytes;
constexpr size_t kMaxBurstBytes = 64 * 1024;

UdpPath FromNative(const ngtcp2_path& path) {
  return {UdpAddress::From(path.local.addr, path.local.addrlen),
          UdpAddress::From(path.remote.addr, path.remote.addrlen)};
}

}  // namespace

bool QuicConnection::Flush(uint64_t now) {
  if (state_ != State::kOpen) return true;
  if (close_request_) {
    const CloseRequest request = std::move(*close_request_);
    ngtcp2_ccerr error;
    ngtcp2_ccerr_default(&error);
    const bool clean = request.kind == CloseRequest::Kind::kApplication;
    if (clean) {
      ngtcp2_ccerr_set_application_error(&error, request.code,
                                         reinterpret_cast<const uint8_t*>(request.reason.data()),
                                         request.reason.size());
    } else {
      ngtcp2_ccerr_set_transport_error(&error, request.code, nullptr, 0);
    }
    if (request.kind != CloseRequest::Kind::kAbort) SendClose(error, now);
    End(close_packet_.empty() ? State::kOver : State::kClosing, {clean, 0, request.reason}, now);
    return true;
  }
  UpdatePath();
  RetryBlockedStreams();
  if (datagram_pending_ && datagram_[0].size() + datagram_[1].size() > max_datagram_) {
    DropDatagram();
  }
  bool done = true;
  flushing_ = true;
  try {
    done = WritePackets(now);
    HoldDatagram();
    if (std::exchange(opening_refused_, false) && handler_) handler_->OnStreamCredit();
  } catch (const std::exception&) {
    Fail(NGTCP2_ERR_CALLBACK_FAILURE, now);  // the handler's: it ends alone
  }
  flushing_ = false;
  if (state_ != State::kOpen) return true;
  UpdateTimer();
  // Asked for meanwhile.
  if (close_request_) endpoint_.MarkDirty(*this);
  return done;
}

// The path may have changed with any packet read: the client moves, the path's size is found out.
void QuicConnection::UpdatePath() {
  if (const UdpPath now_at = FromNative(*ngtcp2_conn_get_path(conn_)); now_at != path_) {
    if (now_at.remote != path_.remote) remote_text_ = now_at.remote.Text();
    path_ = now_at;
  }
  const ngtcp2_transport_params* theirs = ngtcp2_conn_get_remote_transport_params(conn_);
  const uint64_t frame = theirs == nullptr ? 0 : theirs->max_datagram_frame_size;
  const size_t path = ngtcp2_conn_get_path_max_tx_udp_payload_size(conn_);
  max_datagram_ = frame <= kDatagramFrameBytes
                      ? 0
                      : std::min<size_t>(frame - kDatagramFrameBytes, path - PacketOverhead());
}

size_t QuicConnection::PacketOverhead() const {
  return kPacketOverheadBytes + ngtcp2_conn_get_dcid(conn_)->datalen + kDatagramFrameBytes;
}

void QuicConnection::Enqueue(int64_t id, Stream& stream) {
  if (stream.queued || stream.blocked || stream.ended) return;
  stream.queued = true;
  ready_.push_back(id);
  if (!flushing_) endpoint_.MarkDirty(*this);
}

void QuicConnection::RetryBlockedStreams() {
  if (blocked_streams_ == 0 || ngtcp2_conn_get_max_data_left(conn_) == 0) return;
  for (auto& [id, stream] : streams_) {
    if (!stream.blocked || ngtcp2_conn_get_max_stream_data_left(conn_, id) == 0) continue;
    stream.blocked = false;
    --blocked_streams_;
    if (stream.queued || stream.ended) continue;
    stream.queued = true;
    ready_.push_back(id);
  }
}

bool QuicConnection::WritePackets(uint64_t now) {
  const size_t quantum = ngtcp2_conn_get_send_quantum(conn_);
  const size_t burst = std::clamp(quantum, kMinBurstBytes, kMaxBurstBytes);
  size_t written = 0;
  bool taken = true;
  run_packet_bytes_ = 0;
  datagram_written_ = false;
  while (written < burst) {
    const MutableByteSpan room = endpoint_.socket().Reserve();
    taken = !room.empty();
    if (!taken) break;
    const ngtcp2_ssize size = WritePacket(room, now);
    if (size < 0) {
      Fail(static_cast<int>(size), now);
      return true;
    }
    if (size == 0) break;
    endpoint_.socket().Commit(static_cast<size_t>(size), FromNative(write_path_.path),
                              write_info_.ecn);
    written += static_cast<size_t>(size);
    const bool ends_run = static_cast<size_t>(size) < run_packet_bytes_;
    run_packet_bytes_ = ends_run ? 0 : static_cast<size_t>(size);
  }
  // When the burst is over with more to send, the pacer's expiry brings us back.
  if (written > 0) ngtcp2_conn_update_pkt_tx_time(conn_, now);
  return taken;
}

ngtcp2_ssize QuicConnection::WritePacket(MutableByteSpan room, uint64_t now) {
  for (;;) {
    ngtcp2_ssize size = 0;
    if (!ready_.empty()) {
      size = WriteStreamFrame(room, now);
    } else if (FetchDatagram()) {
      size = WriteDatagramFrame(room, now);
    } else if (!ready_.empty()) {
      continue;  // the handler has written to a stream when it was asked for a datagram
    } else if (datagram_written_ && !packet_begun_) {
      return 0;  // acknowledgements and the like went along with it: nothing to make a packet for
    } else {
      size = ngtcp2_conn_writev_stream(conn_, &write_path_.path, &write_info_, room.data(),
                                       room.size(), nullptr, NGTCP2_WRITE_STREAM_FLAG_NONE, -1,
                                       nullptr, 0, now);
    }
    packet_begun_ = size == NGTCP2_ERR_WRITE_MORE || (packet_begun_ && size == kNothingWritten);
    if (size != NGTCP2_ERR_WRITE_MORE && size != kNothingWritten) return size;
  }
}

// Of the first stream that is ready.
ngtcp2_ssize QuicConnection::WriteStreamFrame(MutableByteSpan room, uint64_t now) {
  const int64_t id = ready_.front();
  const auto forget = [&] {
    ready_.erase(ready_.begin());
    return kNothingWritten;
  };
  const auto it = streams_.find(id);
  if (it == streams_.end()) return forget();
  Stream& stream = it->second;
  const bool waiting = stream.out.unsent() > 0 || (stream.fin && !stream.fin_sent);
  if (!waiting || stream.ended) {
    stream.queued = false;
    return forget();
  }
  std::array<ngtcp2_vec, 16> pieces;
  const size_t count = stream.out.Next(pieces);
  size_t offered = 0;
  for (size_t i = 0; i < count; ++i) offered += pieces[i].len;
  uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
  const bool last = stream.fin && offered == stream.out.unsent();
  if (last) flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
  ngtcp2_ssize taken = -1;
  const ngtcp2_ssize size =
      ngtcp2_conn_writev_stream(conn_, &write_path_.path, &write_info_, room.data(), room.size(),
                                &taken, flags, id, pieces.data(), count, now);
  switch (size) {
    case NGTCP2_ERR_STREAM_DATA_BLOCKED:
      stream.queued = false;
      stream.blocked = true;
      ++blocked_streams_;
      return forget();
    case NGTCP2_ERR_STREAM_SHUT_WR:
    case NGTCP2_ERR_STREAM_NOT_FOUND:
      stream.queued = false;
      stream.ended = true;
      return forget();
    default:
      break;
  }
  if (taken >= 0) {
    stream.out.Sent(static_cast<size_t>(taken));
    stream.fin_sent = last && static_cast<size_t>(taken) == offered;
    // The next stream's turn.
    ready_.erase(ready_.begin());
    stream.queued = stream.out.unsent() > 0 || (stream.fin && !stream.fin_sent);
    if (stream.queued) ready_.push_back(id);
  }
  return size;
}

// Makes the next datagram the one to be written; false when there is none.
bool QuicConnection::FetchDatagram() {
  while (!datagram_pending_ && datagrams_ready_ && handler_) {
    if (!handler_->NextDatagram(datagram_)) {
      datagrams_ready_ = false;
      break;
    }
    datagram_pending_ = true;
    // ngtcp2 would neither send nor refuse it, and so hold up everything behind it.
    if (datagram_[0].size() + datagram_[1].size() > max_datagram_) DropDatagram();
  }
  return datagram_pending_;
}

void QuicConnection::DropDatagram() {
  datagram_pending_ = false;
  endpoint_.counters().datagrams_oversized.Add();
}

ngtcp2_ssize QuicConnection::WriteDatagramFrame(MutableByteSpan room, uint64_t now) {
  std::array<ngtcp2_vec, 2> pieces;
  for (size_t i = 0; i < pieces.size(); ++i) {
    pieces[i] = {const_cast<uint8_t*>(datagram_[i].data()), datagram_[i].size()};
  }
  const size_t bytes = pieces[0].len + pieces[1].len;
  uint32_t flags = NGTCP2_WRITE_DATAGRAM_FLAG_NONE;
  if (const size_t most = PacketOverhead() + bytes; bytes < kSharingDatagramBytes) {
    flags = NGTCP2_WRITE_DATAGRAM_FLAG_MORE;
  } else if (!packet_begun_ && most <= run_packet_bytes_ &&
             run_packet_bytes_ - most <= kMaxPaddingBytes) {
    flags = NGTCP2_WRITE_DATAGRAM_FLAG_PADDING;
    room = room.first(run_packet_bytes_);
  }
  int accepted = 0;
  const ngtcp2_ssize size =
      ngtcp2_conn_writev_datagram(conn_, &write_path_.path, &write_info_, room.data(), room.size(),
                                  &accepted, flags, 0, pieces.data(), pieces.size(), now);
  if (accepted != 0) {
    datagram_pending_ = false;
    datagram_written_ = true;
  }
  if (size == NGTCP2_ERR_INVALID_ARGUMENT || size == NGTCP2_ERR_INVALID_STATE) {
    DropDatagram();
    return kNothingWritten;
  }
  return size;
}

// A datagram that has to wait for the congestion window outlives what the handler promised of it.
void QuicConnection::HoldDatagram() {
  if (!datagram_pending_) return;
  const size_t first = datagram_[0].size();
  if (!held_datagram_.empty() && datagram_[0].data() == held_datagram_.data()) return;
  held_datagram_.assign(datagram_[0].begin(), datagram_[0].end());
  held_datagram_.insert(held_datagram_.end(), datagram_[1].begin(), datagram_[1].end());
  datagram_ = {ByteSpan(held_datagram_).first(first), ByteSpan(held_datagram_).subspan(first)};
}

std::optional<Duration> QuicConnection::round_trip() const {
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info(conn_, &info);
  if (info.min_rtt == UINT64_MAX) return std::nullopt;
  return Duration::Micros(static_cast<int64_t>(info.smoothed_rtt / 1000));
}

uint64_t QuicConnection::NextDeadline() const {
  const uint64_t expiry = ngtcp2_conn_get_expiry(conn_);
  if (has_more_to_send() || expiry == UINT64_MAX) return expiry;
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info(conn_, &info);
  return IdleDeadline(expiry, info.smoothed_rtt, info.bytes_in_flight > 0);
}

// ngtcp2's expiry moves with almost every packet, mostly to later; then the heap is left alone, and
// what fires too early is set anew.
void QuicConnection::UpdateTimer() {
  const uint64_t next = NextDeadline();
  if (next < deadline()) endpoint_.SetTimer(*this, next);
}

}  // namespace ferry::net
