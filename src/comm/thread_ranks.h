// Ranks that are threads of one process, for tests.
#pragma once

#include <algorithm>
#include <barrier>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "comm/ranks.h"

namespace deepscaler {

// Calls work() on `size` threads, each of which is a rank, and waits for all. Nothing may throw.
inline void run_on_ranks(int64_t size, const std::function<void()>& work) {
  struct Meeting {
    explicit Meeting(int64_t size) : barrier(size), bytes(static_cast<size_t>(size)) {}
    std::barrier<> barrier;
    std::vector<std::string> bytes;
    std::vector<int64_t> sums;
  };
  class ThreadRanks final : public Ranks {
   public:
    ThreadRanks(int64_t rank, int64_t size, Meeting& meeting) : rank_(rank), size_(size), meeting_(meeting) {}
    [[nodiscard]] int64_t rank() const override { return rank_; }
    [[nodiscard]] int64_t size() const override { return size_; }
    [[nodiscard]] std::string host() const override { return "thread"; }
    [[noreturn]] void end_all(int code) override { std::exit(code); }

   private:
    void sum(std::span<int64_t> numbers) override {
      if (rank_ == 0) meeting_.sums.assign(numbers.size(), 0);
      meeting_.barrier.arrive_and_wait();
      for (int64_t turn = 0; turn < size_; ++turn) {
        for (size_t i = 0; turn == rank_ && i < numbers.size(); ++i) meeting_.sums[i] += numbers[i];
        meeting_.barrier.arrive_and_wait();
      }
      std::ranges::copy(meeting_.sums, numbers.begin());
      meeting_.barrier.arrive_and_wait();
    }
    std::vector<std::string> exchange(std::string mine) override {
      meeting_.bytes[static_cast<size_t>(rank_)] = std::move(mine);
      meeting_.barrier.arrive_and_wait();
      std::vector<std::string> all = meeting_.bytes;
      meeting_.barrier.arrive_and_wait();
      return all;
    }
    int64_t rank_, size_;
    Meeting& meeting_;
  };

  Meeting meeting(size);
  std::vector<std::thread> threads;
  for (int64_t rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      ThreadRanks mine(rank, size, meeting);
      use_ranks(mine);
      work();
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace deepscaler
