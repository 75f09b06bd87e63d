// Which tokens the next forward pass computes: continuous batching over a pool of key/value blocks.
//
// The life of a sample: waiting (its keys are not in the cache), running (its prompt is read, then what it
// has drawn before it was preempted, then every pass adds one token), finished. A group is a prompt with
// several samples; its prompt is read once, and the samples share its full blocks and copy the last, partly
// filled one. What a prompt begins with may be there already (infer/prefix_cache.h).
//
// Long prompts are read in pieces, so that running samples get a token in between.
//
// When blocks run out, what nothing uses is forgotten; then the youngest running sample gives its own back
// and waits again: its tokens are kept and read when there is room. A prompt's blocks are kept when none of
// its samples runs. The oldest sample always finds room, so the work ends.
//
// Choices follow arrival order and the number of blocks alone. They decide when a token is computed,
// never which bits it gets. The scheduler knows no tensors. One thread owns it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "infer/prefix_cache.h"

namespace deepscaler {

struct SchedulerConfig {
  int64_t blocks = 0;  // in the pool
  int64_t keys_per_block = 32;
  int64_t max_rows = 1024;    // of a pass, without one for each running sample
  int64_t max_running = 256;  // samples at a time
  int64_t most_kept = 0;      // blocks that nothing uses; they never stand in the way of a sample
};

// Which keys and values that are there already a prompt may use: those of its space, or none, so that every
// row of it is computed.
struct PrefixUse {
  int64_t space = 0;
  bool reads = true;
};

// The forward pass to do next. Valid until commit().
struct SchedulerPass {
  // Rows of one sequence: positions [first, first + count) of a group's prompt (no sample) or of a sample's
  // response, counted from the start of the prompt.
  struct Work {
    int64_t group;
    std::optional<int64_t> sample;
    int64_t first;
    int64_t count;
    std::vector<int32_t> blocks;  // of the whole sequence so far
    // Samples whose next token is drawn from the last row: the sample itself, or for the end of a prompt all
    // of its samples that have no token yet.
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

  // Adds a prompt, which must live until the group is done, with `samples` samples of at most `max_new`
  // tokens each; returns the group's number. The longest sample must be able to fit (CHECK).
  int64_t add(std::span<const int32_t> prompt, int64_t samples, int64_t max_new, PrefixUse use = {});

  // What to compute next; no work when all is done. Each pass is committed before the next.
  [[nodiscard]] SchedulerPass next();

  // A sample that has drawn its last token. Its keys and values are kept for prompts that go on from `keep`,
  // the tokens of its response (empty: they are not kept).
  struct Finished {
    int64_t group, sample;
    std::span<const int32_t> keep = {};
  };
  // After the pass: every sample in a `draws` list got one more token; those in `finished` are done.
  void commit(const SchedulerPass& pass, std::span<const Finished> finished);

  // Forgets a group, between commit() and next(). No effect for one that is done.
  void cancel(int64_t group);

  [[nodiscard]] bool done() const { return running_.empty() && waiting_.empty(); }
  // Groups so far: the number of the next one.
  [[nodiscard]] int64_t added() const { return added_; }
  [[nodiscard]] int64_t running() const { return static_cast<int64_t>(running_.size()); }
  [[nodiscard]] int64_t preemptions() const { return preemptions_; }
  // Tokens of prompts that were there already: of all, and of the prompt of a group that is not done.
  [[nodiscard]] int64_t reused_tokens() const { return reused_tokens_; }
  [[nodiscard]] int64_t reused_tokens(int64_t group) const { return groups_.at(group).reused.value_or(0); }

 private:
  struct Sample {
    int64_t generated = 0;        // tokens drawn
    int64_t computed = 0;         // response positions whose keys are in the cache
    std::vector<int32_t> blocks;  // its own, after the full ones of the prompt
    bool started = false;         // the prompt is read, and its end is in `blocks`
  };
  struct Group {
    std::span<const int32_t> prompt;
    PrefixUse use;
    std::optional<int64_t> reused;          // tokens that were there when it was read first
    std::vector<int32_t> blocks;            // of the prompt; none: it is not in memory
    std::vector<PrefixCache::Node*> nodes;  // of those whose tokens are read
    int64_t computed = 0;                   // prompt positions that are read by the pass being made
    int64_t running = 0;                    // samples that need the prompt's blocks
    std::map<int64_t, Sample> unfinished;

    [[nodiscard]] int64_t length() const { return std::ssize(prompt); }
    [[nodiscard]] bool is_read() const { return computed == length(); }
  };
  struct Name {
    int64_t group, sample;
    auto operator<=>(const Name&) const = default;
  };

  [[nodiscard]] Group& group_of(Name name) { return groups_.at(name.group); }
  [[nodiscard]] Sample& sample_of(Name name) { return group_of(name).unfinished.at(name.sample); }
  [[nodiscard]] int64_t blocks_for(int64_t positions) const;
  [[nodiscard]] int64_t full_blocks(const Group& group) const;
  [[nodiscard]] int64_t own_blocks_for(const Group& group, int64_t response_positions) const;
  [[nodiscard]] int64_t available() const { return std::ssize(free_) + cache_.kept(); }
  std::vector<int32_t> take_blocks(int64_t count);
  void give_back(std::vector<int32_t>& blocks);
  void forget_surplus();

  void preempt_youngest();
  void make_room_for_running();
  bool admit(Name name, SchedulerPass& pass);
  [[nodiscard]] PrefixCache::Match find_beginning(const Group& group);
  void begin_prompt(Group& group, const PrefixCache::Match& match, SchedulerPass& pass);
  void read_prompt(int64_t group, SchedulerPass& pass);
  void name_read_blocks(Group& group);
  void start(Name name, SchedulerPass& pass);
  void read_response(Name name, int64_t most_rows, SchedulerPass& pass);
  void release(Name name);
  void keep_response(const Group& group, Sample& sample, std::span<const int32_t> response);

  SchedulerConfig config_;
  PrefixCache cache_;
  std::map<int64_t, Group> groups_;
  int64_t added_ = 0;
  std::vector<int32_t> free_;
  std::vector<int32_t> fresh_;            // handed out since the last pass
  std::vector<PrefixCache::Node*> read_;  // copied from in this pass
  int64_t rows_left_ = 0;                 // for prompts and preempted samples, in this pass
  std::deque<Name> waiting_;              // in order of arrival
  std::vector<Name> running_;             // in order of arrival
  int64_t preemptions_ = 0, reused_tokens_ = 0;
};

}  // namespace deepscaler
