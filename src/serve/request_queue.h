// Requests that wait for the one thread which reads them: work that is too long for the thread of the
// sockets.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace deepscaler {

// Any thread adds, one thread runs.
class RequestQueue {
 public:
  // What is done with one request; it must not throw.
  using Work = std::function<void()>;

  void add(Work work) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    waiting_.push_back(std::move(work));
    wake_.notify_one();
  }

  // Does what comes, in order, until stop(). What waits then, or comes later, is given up.
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return waiting_.clear();
      const Work work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
    }
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work> waiting_;
  bool stopping_ = false;
};

}  // namespace deepscaler
