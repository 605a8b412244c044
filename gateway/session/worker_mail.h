// What waits for each worker's thread: sessions it is to look at, and answers to what its
// connections have asked elsewhere. From any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace ferry::gateway {

class Session;
class SessionWorker;

class WorkerMail {
 public:
  static constexpr size_t kMaxWorkers = 64;  // bits of a word
  using Task = std::function<void(SessionWorker&)>;
  struct Mail {
    // Each once (Session::posted): no more than the worker has, and has had since it last looked.
    std::vector<std::shared_ptr<Session>> sessions;
    // One of each connection at most, which waits for it.
    std::vector<Task> answers;
  };

  // Before any thread starts. `wake` asks that the worker's mail be taken soon; it is called from
  // any thread, and not again before Take was.
  unsigned AddWorker(std::function<void()> wake);

  // The caller wakes the worker afterwards: not with anything locked.
  void Post(std::shared_ptr<Session> session, unsigned worker);
  void Wake(unsigned worker);
  // Wakes.
  void Answer(unsigned worker, Task answer);
  // Whatever changes of a session after this is posted again.
  Mail Take(unsigned worker);

 private:
  struct Mailbox {
    std::function<void()> wake;
    std::atomic<bool> woken{false};
    std::mutex mutex;
    Mail mail;
  };
  std::vector<std::unique_ptr<Mailbox>> mailboxes_;
};

}  // namespace ferry::gateway
