#include "gateway/session/worker_mail.h"

#include <cassert>
#include <utility>

#include "gateway/session/session.h"

namespace ferry::gateway {

unsigned WorkerMail::AddWorker(std::function<void()> wake) {
  assert(mailboxes_.size() < kMaxWorkers);
  mailboxes_.push_back(std::make_unique<Mailbox>());
  mailboxes_.back()->wake = std::move(wake);
  return static_cast<unsigned>(mailboxes_.size() - 1);
}

void WorkerMail::Post(std::shared_ptr<Session> session, unsigned worker) {
  const uint64_t bit = uint64_t{1} << worker;
  if (session->posted.fetch_or(bit) & bit) return;
  Mailbox& mailbox = *mailboxes_[worker];
  const std::lock_guard lock(mailbox.mutex);
  mailbox.mail.sessions.push_back(std::move(session));
}

void WorkerMail::Wake(unsigned worker) {
  Mailbox& mailbox = *mailboxes_[worker];
  if (!mailbox.woken.exchange(true)) mailbox.wake();
}

void WorkerMail::Answer(unsigned worker, Task answer) {
  {
    Mailbox& mailbox = *mailboxes_[worker];
    const std::lock_guard lock(mailbox.mutex);
    mailbox.mail.answers.push_back(std::move(answer));
  }
  Wake(worker);
}

WorkerMail::Mail WorkerMail::Take(unsigned worker) {
  Mailbox& mailbox = *mailboxes_[worker];
  mailbox.woken.store(false);
  Mail mail;
  {
    const std::lock_guard lock(mailbox.mutex);
    mail = std::exchange(mailbox.mail, {});
  }
  // Who changes a session does it, and posts it, with its shard locked: who finds the bit still set
  // has changed it before the taker, who comes next, locks that.
  for (const auto& session : mail.sessions) session->posted.fetch_and(~(uint64_t{1} << worker));
  return mail;
}

}  // namespace ferry::gateway
