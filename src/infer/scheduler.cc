#include "infer/scheduler.h"

#include <algorithm>

#include "base/error.h"
#include "base/integer.h"

namespace deepscaler {

Scheduler::Scheduler(const SchedulerConfig& config) : config_(config) {
  for (int64_t b = config.blocks - 1; b >= 0; --b) free_.push_back(static_cast<int32_t>(b));
}

bool Scheduler::can_ever_fit(int64_t positions) const {
  // Partly filled blocks of the shared prefix and of the prompt are there twice.
  const int64_t twice = config_.shared_prefix % config_.keys_per_block > 0 ? 2 : 1;
  return blocks_for(positions) + twice <= config_.blocks;
}

int64_t Scheduler::add(int64_t prompt_length, int64_t samples, int64_t max_new) {
  DEEPSCALER_CHECK(prompt_length > config_.shared_prefix && samples > 0 && max_new > 0);
  DEEPSCALER_CHECK(can_ever_fit(prompt_length + max_new));
  const int64_t group = std::ssize(groups_);
  groups_.push_back(
      {.prompt_length = prompt_length, .max_new = max_new, .samples = std::vector<Sample>(samples)});
  for (int64_t s = 0; s < samples; ++s) waiting_.push_back({group, s});
  unfinished_ += samples;
  return group;
}

SchedulerPass Scheduler::next() {
  SchedulerPass pass;
  make_room_for_running();
  for (Name name : running_) {
    if (groups_[name.group].samples[name.sample].generated > 0) add_sample_work(name, pass);
  }
  int64_t rows = 0;
  if (config_.shared_prefix > 0 && prefix_blocks_.empty()) rows += compute_shared_prefix(pass);
  admit_waiting(pass, rows);
  pass.fresh = std::move(fresh_);
  fresh_.clear();
  return pass;
}

void Scheduler::commit(const SchedulerPass& pass, std::span<const std::pair<int64_t, int64_t>> finished) {
  for (const auto& work : pass.work) {
    Group& group = groups_[work.group];
    if (work.sample) group.samples[*work.sample].computed += work.count;
    for (int64_t sample : work.draws) ++group.samples[sample].generated;
  }
  for (const auto& [group, sample] : finished) {
    groups_[group].samples[sample].finished = true;
    --unfinished_;
    std::erase(running_, Name{group, sample});
    release({group, sample});
  }
}

int64_t Scheduler::blocks_for(int64_t positions) const { return ceil_div(positions, config_.keys_per_block); }

int64_t Scheduler::shared_blocks(const Group& group) const {
  return group.prompt_length / config_.keys_per_block;
}

// Blocks of its own that a sample needs for so many positions of its response. Its last token is drawn
// but never read, so a response of one token needs none.
int64_t Scheduler::own_blocks_for(const Group& group, int64_t response_positions) const {
  if (response_positions == 0) return 0;
  return blocks_for(group.prompt_length + response_positions) - shared_blocks(group);
}

int64_t Scheduler::prompt_blocks_for(const Group& group) const {
  return blocks_for(group.prompt_length) - config_.shared_prefix / config_.keys_per_block;
}

int64_t Scheduler::blocks_to_admit(const Group& group, const Sample& sample) const {
  const int64_t prompt = group.blocks.empty() ? prompt_blocks_for(group) : 0;
  return prompt + own_blocks_for(group, std::max<int64_t>(1, sample.generated));
}

std::vector<int32_t> Scheduler::blocks_of_prompt(const Group& group) const {
  std::vector<int32_t> blocks(prefix_blocks_.begin(),
                              prefix_blocks_.begin() + config_.shared_prefix / config_.keys_per_block);
  blocks.insert(blocks.end(), group.blocks.begin(), group.blocks.end());
  return blocks;
}

std::vector<int32_t> Scheduler::take_blocks(int64_t count) {
  DEEPSCALER_CHECK(count <= std::ssize(free_));
  std::vector<int32_t> taken(free_.rbegin(), free_.rbegin() + count);
  free_.resize(free_.size() - static_cast<size_t>(count));
  fresh_.insert(fresh_.end(), taken.begin(), taken.end());
  return taken;
}

void Scheduler::give_back(std::vector<int32_t>& blocks) {
  for (int32_t block : blocks) std::erase(fresh_, block);
  free_.insert(free_.end(), blocks.rbegin(), blocks.rend());
  blocks.clear();
}

// Takes a sample's blocks away, and the prompt's with the last of its running samples.
void Scheduler::release(Name name) {
  Group& group = groups_[name.group];
  Sample& sample = group.samples[name.sample];
  give_back(sample.blocks);
  sample.computed = 0;
  if (--group.running == 0) give_back(group.blocks);
}

void Scheduler::preempt_youngest() {
  const Name name = running_.back();
  running_.pop_back();
  release(name);
  waiting_.push_front(name);
  ++preemptions_;
}

// Every running sample that crosses into a new block gets it, the oldest first.
void Scheduler::make_room_for_running() {
  for (size_t i = 0; i < running_.size(); ++i) {
    Group& group = groups_[running_[i].group];
    Sample& sample = group.samples[running_[i].sample];
    const int64_t missing = own_blocks_for(group, sample.generated) - std::ssize(sample.blocks);
    if (missing <= 0) continue;
    while (std::ssize(free_) < missing && i < running_.size()) preempt_youngest();
    if (i >= running_.size()) return;
    const auto blocks = take_blocks(missing);
    sample.blocks.insert(sample.blocks.end(), blocks.begin(), blocks.end());
  }
}

int64_t Scheduler::compute_shared_prefix(SchedulerPass& pass) {
  prefix_blocks_ = take_blocks(blocks_for(config_.shared_prefix));
  pass.work.push_back({0, std::nullopt, 0, config_.shared_prefix, prefix_blocks_, {}});
  return config_.shared_prefix;
}

// `rows` are in the pass beside those of the running samples.
void Scheduler::admit_waiting(SchedulerPass& pass, int64_t rows) {
  while (!waiting_.empty() && std::ssize(running_) < config_.max_running) {
    const Name name = waiting_.front();
    Group& group = groups_[name.group];
    Sample& sample = group.samples[name.sample];
    const int64_t new_rows =
        (group.blocks.empty() ? group.prompt_length - config_.shared_prefix : 0) + sample.generated;
    if (rows > 0 && rows + new_rows > config_.max_rows) return;
    // A block in reserve for each running sample, so that who is let in is not thrown out at once.
    const int64_t reserve = std::ssize(running_);
    const int64_t needed = blocks_to_admit(group, sample);
    if (needed + (running_.empty() ? 0 : reserve) > std::ssize(free_)) return;

    waiting_.pop_front();
    running_.push_back(name);
    ++group.running;
    if (group.blocks.empty()) {
      group.blocks = take_blocks(prompt_blocks_for(group));
      rows += add_prompt_work(name.group, pass);
    }
    sample.blocks = take_blocks(own_blocks_for(group, std::max<int64_t>(1, sample.generated)));
    const int64_t partial = group.prompt_length % config_.keys_per_block;
    if (partial > 0) pass.copies.push_back({group.blocks.back(), sample.blocks.front(), partial});
    if (sample.generated > 0) {
      rows += add_sample_work(name, pass);
      continue;
    }
    // Its first token is drawn from the prompt's last row, which is computed in this very pass: a
    // prompt's blocks outlive the pass only while samples run, and those are admitted with it or
    // find the row gone and compute it again.
    const auto prompt = std::ranges::find_if(pass.work, [&](const SchedulerPass::Work& work) {
      return work.group == name.group && !work.sample && work.first + work.count == group.prompt_length;
    });
    if (prompt != pass.work.end()) {
      prompt->draws.push_back(name.sample);
    } else {
      pass.work.push_back(
          {name.group, std::nullopt, group.prompt_length - 1, 1, blocks_of_prompt(group), {name.sample}});
      ++rows;
    }
  }
}

int64_t Scheduler::add_prompt_work(int64_t index, SchedulerPass& pass) {
  const Group& group = groups_[index];
  const int64_t shared = config_.shared_prefix, partial = shared % config_.keys_per_block;
  pass.work.push_back(
      {index, std::nullopt, shared, group.prompt_length - shared, blocks_of_prompt(group), {}});
  if (partial > 0) pass.copies.push_back({prefix_blocks_.back(), group.blocks.front(), partial});
  return group.prompt_length - shared;
}

int64_t Scheduler::add_sample_work(Name name, SchedulerPass& pass) {
  const Group& group = groups_[name.group];
  const Sample& sample = group.samples[name.sample];
  std::vector<int32_t> blocks = blocks_of_prompt(group);
  blocks.resize(static_cast<size_t>(shared_blocks(group)));
  blocks.insert(blocks.end(), sample.blocks.begin(), sample.blocks.end());
  const int64_t count = sample.generated - sample.computed;
  pass.work.push_back({name.group,
                       name.sample,
                       group.prompt_length + sample.computed,
                       count,
                       std::move(blocks),
                       {name.sample}});
  return count;
}

}  // namespace deepscaler
