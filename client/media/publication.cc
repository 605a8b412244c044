#include "client/media/publication.h"

namespace ferry::client {

Result<void> Publication::StartVideo(const std::vector<uint32_t>& ssrcs, Timestamp now,
                                     session::MediaSession& engine) {
  video_start_ = now - video_->position();
  return video_->Start(ssrcs, engine);
}

Result<void> Publication::StartAudio(uint32_t ssrc, Timestamp now, session::MediaSession& engine) {
  next_block_ = now;
  return audio_->Start(ssrc, engine);
}

Result<bool> Publication::Tick(Timestamp now, session::MediaSession& engine) {
  if (auto sent = SendAudio(now, engine); !sent) return std::unexpected(sent.error());
  if (auto sent = SendVideo(now, engine); !sent) return std::unexpected(sent.error());
  if (!sent_all()) return true;
  if (!sent_at_) sent_at_ = now;
  return now - *sent_at_ < kDrain;
}

// What has no end goes on as long as the rest.
bool Publication::sent_all() const {
  const bool video_ends = video_ && !video_->endless();
  const bool audio_ends = audio_ && !audio_->endless();
  return (video_ends || audio_ends) && (!video_ends || video_sent_) && (!audio_ends || audio_sent_);
}

Result<void> Publication::SendAudio(Timestamp now, session::MediaSession& engine) {
  if (!audio_ || !audio_->started() || audio_sent_) return {};
  if (now - next_block_ > kMaxLate) next_block_ = now;
  for (; next_block_ <= now && !audio_sent_; next_block_ += audio_->interval()) {
    const auto sent = audio_->SendNext(next_block_, now, engine);
    if (!sent) return std::unexpected(sent.error());
    audio_sent_ = !*sent;
  }
  return {};
}

Result<void> Publication::SendVideo(Timestamp now, session::MediaSession& engine) {
  if (!video_ || !video_->started() || video_sent_) return {};
  const auto due = [this] { return video_start_ + video_->position(); };
  if (now - due() > kMaxLate) video_start_ = now - video_->position();
  while (due() <= now && !video_sent_) {
    const auto sent = video_->SendNext(due(), now, engine);
    if (!sent) return std::unexpected(sent.error());
    video_sent_ = !*sent;
  }
  return {};
}

std::vector<FileNote> Publication::TakeNotes() {
  std::vector<FileNote> notes;
  if (video_) notes = video_->TakeNotes();
  if (audio_) {
    for (FileNote& note : audio_->TakeNotes()) notes.push_back(std::move(note));
  }
  return notes;
}

}  // namespace ferry::client
