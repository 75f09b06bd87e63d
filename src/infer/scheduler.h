// Which tokens the next forward pass computes: continuous batching over a pool of key/value blocks.
//
// The life of a sequence: waiting (its keys are not in the cache), running (they are, and every pass
// adds one token), finished. A group is a prompt with several samples; its prompt is computed once,
// and the samples share its full blocks and copy the last, partly filled one.
//
// When blocks run out, the youngest running sample gives its own back and waits again; its tokens are
// kept and computed anew when there is room. A prompt gives its blocks back when none of its samples
// runs. The oldest sample always finds room, so the work ends.
//
// Choices follow arrival order and the number of blocks alone. They decide when a token is computed,
// never which bits it gets. The scheduler knows no tensors and no tokens. One thread owns it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace deepscaler {

struct SchedulerConfig {
  int64_t blocks = 0;  // in the pool
  int64_t keys_per_block = 32;
  int64_t max_rows = 1024;  // taken into a pass beside those of running samples; a longer prompt comes alone
  int64_t max_running = 256;  // samples at a time
  int64_t shared_prefix = 0;  // tokens with which every prompt begins, fewer than any prompt has
};

// The forward pass to do next. Valid until commit().
struct SchedulerPass {
  // Rows of one sequence: positions [first, first + count) of a group's prompt (no sample; the shared
  // prefix is a part of any) or of a sample's response, counted from the start of the prompt.
  struct Work {
    int64_t group;
    std::optional<int64_t> sample;
    int64_t first;
    int64_t count;
    std::vector<int32_t> blocks;  // of the whole sequence so far
    // Samples whose next token is drawn from the last row: the sample itself, or for a prompt all of
    // its samples that have no token yet.
    std::vector<int64_t> draws;
  };
  struct Copy {
    int32_t from, to;
    int64_t keys;
  };
  std::vector<Work> work;
  std::vector<int32_t> fresh;  // blocks to be cleared before use
  std::vector<Copy> copies;    // one after the other: a block may be filled from one that was just filled
};

class Scheduler {
 public:
  explicit Scheduler(const SchedulerConfig& config);

  // Whether a sequence of so many positions can ever run.
  [[nodiscard]] bool can_ever_fit(int64_t positions) const;

  // Adds a prompt of `prompt_length` tokens with `samples` samples of at most `max_new` tokens each;
  // returns the group's number. The longest sample must be able to fit (CHECK).
  int64_t add(int64_t prompt_length, int64_t samples, int64_t max_new);

  // What to compute next; no work when all is done.
  [[nodiscard]] SchedulerPass next();

  // After the pass: every sample in a `draws` list got one more token; those in `finished` are done.
  void commit(const SchedulerPass& pass, std::span<const std::pair<int64_t, int64_t>> finished);

  [[nodiscard]] bool done() const { return unfinished_ == 0; }
  [[nodiscard]] int64_t running() const { return static_cast<int64_t>(running_.size()); }
  [[nodiscard]] int64_t preemptions() const { return preemptions_; }

 private:
  struct Sample {
    int64_t generated = 0;        // tokens drawn
    int64_t computed = 0;         // response positions whose keys are in the cache
    std::vector<int32_t> blocks;  // its own, after the shared ones
    bool finished = false;
  };
  struct Group {
    int64_t prompt_length = 0;
    int64_t max_new = 0;
    std::vector<int32_t> blocks;  // of the prompt, after the full ones of the shared prefix
    int64_t running = 0;          // samples that need the prompt's blocks
    std::vector<Sample> samples;
  };
  struct Name {
    int64_t group, sample;
    auto operator<=>(const Name&) const = default;
  };

  [[nodiscard]] int64_t blocks_for(int64_t positions) const;
  [[nodiscard]] int64_t shared_blocks(const Group& group) const;
  [[nodiscard]] int64_t own_blocks_for(const Group& group, int64_t response_positions) const;
  [[nodiscard]] int64_t prompt_blocks_for(const Group& group) const;
  [[nodiscard]] int64_t blocks_to_admit(const Group& group, const Sample& sample) const;
  [[nodiscard]] std::vector<int32_t> blocks_of_prompt(const Group& group) const;
  std::vector<int32_t> take_blocks(int64_t count);
  void give_back(std::vector<int32_t>& blocks);
  void release(Name name);
  void preempt_youngest();
  void make_room_for_running();
  // These return how many rows they add.
  int64_t compute_shared_prefix(SchedulerPass& pass);
  int64_t add_prompt_work(int64_t group, SchedulerPass& pass);
  int64_t add_sample_work(Name name, SchedulerPass& pass);
  void admit_waiting(SchedulerPass& pass, int64_t rows);

  SchedulerConfig config_;
  std::vector<Group> groups_;
  std::vector<int32_t> prefix_blocks_;
  std::vector<int32_t> free_;
  std::vector<int32_t> fresh_;  // handed out since the last pass
  std::deque<Name> waiting_;    // in order of arrival
  std::vector<Name> running_;   // in order of arrival
  int64_t unfinished_ = 0;
  int64_t preemptions_ = 0;
};

}  // namespace deepscaler
