#include "infer/scheduler.h"

#include <algorithm>

#include "base/error.h"
#include "base/integer.h"

namespace deepscaler {

Scheduler::Scheduler(const SchedulerConfig& config) : config_(config), cache_(config.keys_per_block) {
  for (int64_t b = config.blocks - 1; b >= 0; --b) free_.push_back(static_cast<int32_t>(b));
}

bool Scheduler::can_ever_fit(int64_t positions) const {
  // A partly filled block of the prompt is there twice.
  return blocks_for(positions) + 1 <= config_.blocks;
}

int64_t Scheduler::add(std::span<const int32_t> prompt, int64_t samples, int64_t max_new, PrefixUse use) {
  DEEPSCALER_CHECK(!prompt.empty() && samples > 0 && max_new > 0);
  DEEPSCALER_CHECK(can_ever_fit(std::ssize(prompt) + max_new));
  const int64_t number = added_++;
  Group& group = groups_[number];
  group.prompt = prompt;
  group.use = use;
  for (int64_t s = 0; s < samples; ++s) {
    group.unfinished[s] = {};
    waiting_.push_back({number, s});
  }
  return number;
}

SchedulerPass Scheduler::next() {
  SchedulerPass pass;
  rows_left_ = config_.max_rows;
  make_room_for_running();
  for (Name name : running_) {
    const Sample& sample = sample_of(name);
    if (sample.started && sample.generated - sample.computed == 1) read_response(name, 1, pass);
  }
  for (Name name : running_) {
    const Sample& sample = sample_of(name);
    if (sample.started && sample.generated - sample.computed > 1) read_response(name, rows_left_, pass);
  }
  for (Name name : running_) {
    if (!group_of(name).is_read()) read_prompt(name.group, pass);
  }
  while (!waiting_.empty() && rows_left_ > 0 && running() < config_.max_running) {
    if (!admit(waiting_.front(), pass)) break;
  }
  pass.fresh = std::move(fresh_);
  fresh_.clear();
  return pass;
}

void Scheduler::commit(const SchedulerPass& pass, std::span<const Finished> finished) {
  for (const auto& work : pass.work) {
    if (work.sample) sample_of({work.group, *work.sample}).computed += work.count;
    for (int64_t sample : work.draws) ++sample_of({work.group, sample}).generated;
  }
  for (PrefixCache::Node* node : read_) cache_.unuse(node);
  read_.clear();
  for (const auto& [group, sample, keep] : finished) {
    const Name name = {group, sample};
    std::erase(running_, name);
    if (!keep.empty()) keep_response(group_of(name), sample_of(name), keep);
    release(name);
    group_of(name).unfinished.erase(sample);
    if (group_of(name).unfinished.empty()) groups_.erase(group);
  }
  forget_surplus();
}

void Scheduler::cancel(int64_t group) {
  if (!groups_.contains(group)) return;
  std::erase_if(waiting_, [&](Name name) { return name.group == group; });
  for (const Name name : std::vector(running_)) {
    if (name.group != group) continue;
    std::erase(running_, name);
    release(name);
  }
  groups_.erase(group);
  forget_surplus();
}

int64_t Scheduler::blocks_for(int64_t positions) const { return ceil_div(positions, config_.keys_per_block); }

int64_t Scheduler::full_blocks(const Group& group) const { return group.length() / config_.keys_per_block; }

// Blocks of its own that a sample needs for so many positions of its response. Its last token is drawn
// but never read, so a response of one token needs none.
int64_t Scheduler::own_blocks_for(const Group& group, int64_t response_positions) const {
  if (response_positions == 0) return 0;
  return blocks_for(group.length() + response_positions) - full_blocks(group);
}

std::vector<int32_t> Scheduler::take_blocks(int64_t count) {
  DEEPSCALER_CHECK(count <= available());
  while (std::ssize(free_) < count) free_.push_back(cache_.evict());
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

void Scheduler::forget_surplus() {
  while (cache_.kept() > config_.most_kept) free_.push_back(cache_.evict());
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
    Sample& sample = sample_of(running_[i]);
    const int64_t missing =
        own_blocks_for(group_of(running_[i]), sample.generated) - std::ssize(sample.blocks);
    if (missing <= 0) continue;
    while (available() < missing && i < running_.size()) preempt_youngest();
    if (i >= running_.size()) return;
    const auto blocks = take_blocks(missing);
    sample.blocks.insert(sample.blocks.end(), blocks.begin(), blocks.end());
  }
}

// What the cache has of a prompt. The last token is read in any case: the first of the response is drawn from
// its row.
PrefixCache::Match Scheduler::find_beginning(const Group& group) {
  if (!group.use.reads) return {};
  return cache_.find(cache_.root(group.use.space), group.prompt.first(group.prompt.size() - 1));
}

// Lets a waiting sample run, if there is room.
bool Scheduler::admit(Name name, SchedulerPass& pass) {
  Group& group = group_of(name);
  Sample& sample = sample_of(name);
  const bool begins = group.blocks.empty();
  PrefixCache::Match match;
  if (begins) match = find_beginning(group);
  std::vector<PrefixCache::Node*> used = match.whole;
  if (match.part != nullptr) used.push_back(match.part);
  for (PrefixCache::Node* node : used) cache_.use(node);

  const int64_t of_sample = own_blocks_for(group, std::max<int64_t>(1, sample.generated));
  const int64_t of_prompt = begins ? blocks_for(group.length()) - std::ssize(match.whole) : 0;
  if (running_.empty() && match.part != nullptr && of_sample + of_prompt > available()) {
    cache_.unuse(match.part);
    match.part = nullptr;
    used.pop_back();
  }
  // A block in reserve for each running sample, so that who is let in is not thrown out at once.
  if (of_sample + of_prompt + running() > available()) {
    for (auto node = used.rbegin(); node != used.rend(); ++node) cache_.unuse(*node);
    return false;
  }

  waiting_.pop_front();
  running_.push_back(name);
  ++group.running;
  if (begins) begin_prompt(group, match, pass);
  sample.blocks = take_blocks(of_sample);
  if (group.is_read()) {
    start(name, pass);
  } else {
    read_prompt(name.group, pass);
  }
  return true;
}

// Gives a prompt its blocks, and what the cache has of it.
void Scheduler::begin_prompt(Group& group, const PrefixCache::Match& match, SchedulerPass& pass) {
  group.nodes = match.whole;
  for (const PrefixCache::Node* node : match.whole) group.blocks.push_back(node->block);
  const auto blocks = take_blocks(blocks_for(group.length()) - std::ssize(group.blocks));
  group.blocks.insert(group.blocks.end(), blocks.begin(), blocks.end());
  group.computed = std::ssize(match.whole) * config_.keys_per_block;
  if (match.part != nullptr) {
    pass.copies.push_back({match.part->block, group.blocks[match.whole.size()], match.part_keys});
    read_.push_back(match.part);
    group.computed += match.part_keys;
  }
  reused_tokens_ += group.computed;
  if (!group.reused) group.reused = group.computed;
}

// The next piece of a prompt. With the last its samples start.
void Scheduler::read_prompt(int64_t index, SchedulerPass& pass) {
  Group& group = groups_.at(index);
  const int64_t count = std::min(rows_left_, group.length() - group.computed);
  if (count == 0) return;
  pass.work.push_back({index, std::nullopt, group.computed, count, group.blocks, {}});
  group.computed += count;
  rows_left_ -= count;
  name_read_blocks(group);
  if (!group.is_read()) return;
  for (Name name : running_) {
    if (name.group == index) start(name, pass);
  }
}

// Blocks of the prompt whose tokens are all read are to be found from now on, by this very pass too.
void Scheduler::name_read_blocks(Group& group) {
  while (group.nodes.size() < group.blocks.size()) {
    const int64_t first = std::ssize(group.nodes) * config_.keys_per_block;
    const int64_t end = std::min(first + config_.keys_per_block, group.length());
    if (end > group.computed) return;
    group.nodes.push_back(
        cache_.insert(group.nodes.empty() ? cache_.root(group.use.space) : group.nodes.back(),
                      group.prompt.subspan(static_cast<size_t>(first), static_cast<size_t>(end - first)),
                      group.blocks[group.nodes.size()]));
  }
}

// A running sample whose prompt is read, perhaps by this very pass: it gets the prompt's end, and draws its
// first token or reads what it has drawn before.
void Scheduler::start(Name name, SchedulerPass& pass) {
  const Group& group = group_of(name);
  Sample& sample = sample_of(name);
  sample.started = true;
  const int64_t partial = group.length() % config_.keys_per_block;
  if (partial > 0) pass.copies.push_back({group.blocks.back(), sample.blocks.front(), partial});
  if (sample.generated > 0) {
    if (rows_left_ > 0) read_response(name, rows_left_, pass);
    return;
  }
  // The prompt's last row may have been computed by an earlier pass: then it is computed again.
  const auto last_row = std::ranges::find_if(pass.work, [&](const SchedulerPass::Work& work) {
    return work.group == name.group && !work.sample && work.first + work.count == group.length();
  });
  if (last_row != pass.work.end()) {
    last_row->draws.push_back(name.sample);
  } else {
    pass.work.push_back({name.group, std::nullopt, group.length() - 1, 1, group.blocks, {name.sample}});
    --rows_left_;
  }
}

// Rows of a response that are drawn and not read, the next token after the last of them.
void Scheduler::read_response(Name name, int64_t most_rows, SchedulerPass& pass) {
  const Group& group = group_of(name);
  const Sample& sample = sample_of(name);
  const int64_t missing = sample.generated - sample.computed, count = std::min(missing, most_rows);
  if (count == 0) return;
  std::vector<int32_t> blocks(group.blocks.begin(), group.blocks.begin() + full_blocks(group));
  blocks.insert(blocks.end(), sample.blocks.begin(), sample.blocks.end());
  SchedulerPass::Work work = {name.group, name.sample,       group.length() + sample.computed,
                              count,      std::move(blocks), {}};
  if (count == missing) work.draws.push_back(name.sample);
  pass.work.push_back(std::move(work));
  if (missing > 1) rows_left_ -= count;
}

// Takes a sample's blocks away, and the prompt's with the last of its running samples.
void Scheduler::release(Name name) {
  Group& group = group_of(name);
  Sample& sample = sample_of(name);
  give_back(sample.blocks);
  sample.computed = 0;
  sample.started = false;
  if (--group.running > 0) return;
  std::vector<int32_t> unread(group.blocks.begin() + std::ssize(group.nodes), group.blocks.end());
  give_back(unread);
  for (auto node = group.nodes.rbegin(); node != group.nodes.rend(); ++node) cache_.unuse(*node);
  group.nodes.clear();
  group.blocks.clear();
  group.computed = 0;
}

// Hands a response's blocks to the cache, but for those that it has already.
void Scheduler::keep_response(const Group& group, Sample& sample, std::span<const int32_t> response) {
  const int64_t first = full_blocks(group) * config_.keys_per_block;
  std::vector<int32_t> tokens(group.prompt.begin() + first, group.prompt.end());
  tokens.insert(tokens.end(), response.begin(), response.begin() + sample.computed);
  PrefixCache::Node* parent =
      full_blocks(group) == 0 ? cache_.root(group.use.space) : group.nodes[full_blocks(group) - 1];
  std::vector<PrefixCache::Node*> used;
  std::vector<int32_t> known;
  size_t next = 0;
  for (std::span<const int32_t> rest = tokens; !rest.empty() && next < sample.blocks.size(); ++next) {
    const auto block = rest.first(std::min(rest.size(), static_cast<size_t>(config_.keys_per_block)));
    rest = rest.subspan(block.size());
    PrefixCache::Node* node = PrefixCache::child(parent, block);
    if (node == nullptr) {
      node = cache_.insert(parent, block, sample.blocks[next]);
    } else {
      cache_.use(node);
      known.push_back(sample.blocks[next]);
    }
    used.push_back(node);
    parent = node;
  }
  sample.blocks.erase(sample.blocks.begin(), sample.blocks.begin() + static_cast<int64_t>(next));
  give_back(known);
  for (auto node = used.rbegin(); node != used.rend(); ++node) cache_.unuse(*node);
}

}  // namespace deepscaler
