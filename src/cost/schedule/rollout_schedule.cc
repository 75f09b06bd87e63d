#include "cost/schedule/rollout_schedule.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "base/error.h"

namespace deepscaler {
namespace {

constexpr int64_t kHalfBlock = 16, kBlock = 32;

class Rollout {
 public:
  Rollout(std::span<const SampleLength> samples, const SlotLimits& limits, const PassKindTimes& times)
      : limits_(limits), times_(times) {
    for (const SampleLength& sample : samples) {
      DEEPSCALER_CHECK(sample.tokens > 0 && sample.prompt > 0);
      waiting_.push_back({sample, 0});
    }
  }

  RolloutTime run() {
    while (!waiting_.empty() || !running_.empty()) {
      make_room();
      const PassContent admitted = admit();
      if (admitted.rows > 0)
        first_pass(admitted);
      else
        decode(passes_without_event());
      finish();
    }
    return time_;
  }

 private:
  struct Sample {
    SampleLength length;
    int64_t drawn = 0;
  };

  [[nodiscard]] int64_t memory_of(const Sample& sample) const { return sample.drawn + kHalfBlock; }
  [[nodiscard]] int64_t prompt_memory(const Sample& sample) const {
    return users_.contains(sample.length.group) ? 0 : sample.length.prompt;
  }
  [[nodiscard]] auto running() const { return static_cast<int64_t>(running_.size()); }

  void use(const Sample& sample) {
    used_ += memory_of(sample) + prompt_memory(sample);
    context_ += sample.length.prompt + sample.drawn;
    ++users_[sample.length.group];
  }
  void release(const Sample& sample) {
    used_ -= memory_of(sample);
    context_ -= sample.length.prompt + sample.drawn;
    const auto user = users_.find(sample.length.group);
    if (--user->second > 0) return;
    users_.erase(user);
    used_ -= sample.length.prompt;
  }

  // As every running sample grows by a token, the youngest give way.
  void make_room() {
    while (running() > 1 && used_ + running() > limits_.positions) {
      release(running_.back());
      waiting_.push_front(running_.back());
      running_.pop_back();
      ++time_.preemptions;
    }
  }

  [[nodiscard]] bool fits(const Sample& sample) const {
    if (running_.empty()) return true;
    const int64_t reserve = kBlock * running();  // so that who is let in is not thrown out at once
    return used_ + memory_of(sample) + prompt_memory(sample) + 1 + reserve <= limits_.positions;
  }

  // Lets waiting samples run. What their prompts and earlier tokens add to the next pass. Samples whose
  // prompt this pass reads draw from one row; where an earlier pass has read it, that row is computed again.
  PassContent admit() {
    PassContent read;
    int64_t group_read = -1;
    while (!waiting_.empty() && running() < limits_.samples &&
           static_cast<int64_t>(read.rows) < limits_.rows && fits(waiting_.front())) {
      const Sample sample = waiting_.front();
      waiting_.pop_front();
      const int64_t group = sample.length.group;
      int64_t rows = sample.drawn;
      const bool reads_prompt = !users_.contains(group);
      if (reads_prompt)
        rows += sample.length.prompt;
      else if (rows == 0 && group != group_read)
        rows = 1;
      if (reads_prompt || sample.drawn == 0) group_read = group;
      if (sample.drawn > 0) time_.reread += rows;
      read.rows += static_cast<double>(rows);
      read.head_rows += rows > 0 ? 1 : 0;
      read.keys += static_cast<double>(rows) * static_cast<double>(sample.length.prompt + sample.drawn) / 2;
      use(sample);
      running_.push_back(sample);
      ++admitted_;
    }
    return read;
  }

  // The pass that reads prompts; the samples that ran before draw in it too.
  void first_pass(const PassContent& read) {
    const auto before = static_cast<double>(running() - std::exchange(admitted_, 0));
    const double decoded = before / static_cast<double>(running()) * static_cast<double>(context_);
    time_.seconds += times_.of(
        {.rows = read.rows + before, .head_rows = read.head_rows + before, .keys = read.keys + decoded});
    draw(1);
  }

  // Passes until a sample is finished, or memory is full.
  [[nodiscard]] int64_t passes_without_event() const {
    int64_t passes = INT64_MAX;
    for (const Sample& sample : running_) passes = std::min(passes, sample.length.tokens - sample.drawn);
    const int64_t room = (limits_.positions - used_) / running();
    return running() == 1 ? passes : std::max<int64_t>(1, std::min(passes, room));
  }

  // Each pass reads a key more for each sample than the pass before it.
  void decode(int64_t passes) {
    const auto n = static_cast<double>(passes), rows = static_cast<double>(running());
    const double keys = n * static_cast<double>(context_) + rows * n * (n - 1) / 2;
    time_.seconds += n * times_.of({.rows = rows, .head_rows = rows}) + times_.key_s * keys;
    draw(passes);
  }

  void draw(int64_t passes) {
    for (Sample& sample : running_) sample.drawn += passes;
    used_ += passes * running();
    context_ += passes * running();
    time_.passes += passes;
    time_.tokens += passes * running();
  }

  void finish() {
    std::erase_if(running_, [&](const Sample& sample) {
      if (sample.drawn < sample.length.tokens) return false;
      release(sample);
      return true;
    });
  }

  SlotLimits limits_;
  const PassKindTimes& times_;
  std::deque<Sample> waiting_;
  std::vector<Sample> running_;       // in order of arrival
  std::map<int64_t, int64_t> users_;  // running samples by group
  int64_t used_ = 0, context_ = 0;    // positions in memory; positions that running samples read
  int64_t admitted_ = 0;              // since the last pass
  RolloutTime time_;
};

}  // namespace

RolloutTime simulate_rollout(std::span<const SampleLength> samples, const SlotLimits& limits,
                             const PassKindTimes& times) {
  return Rollout(samples, limits, times).run();
}

}  // namespace deepscaler
