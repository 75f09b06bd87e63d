#include "infer/generator.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/error.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/signals.h"
#include "infer/sampler.h"
#include "infer/stop_strings.h"
#include "model/kv_cache.h"

namespace deepscaler {
namespace {

// Tokens with which all prompts begin, but for the last of the shortest: its row is what samples draw from.
int64_t common_prefix(std::span<const GenerationRequest> requests) {
  if (requests.size() < 2) return 0;
  const std::vector<int32_t>& first = requests[0].prompt;
  int64_t length = std::ssize(first) - 1;
  for (const GenerationRequest& request : requests) {
    const auto [difference, _] = std::ranges::mismatch(first, request.prompt);
    length = std::min({length, difference - first.begin(), std::ssize(request.prompt) - 1});
  }
  return length;
}

SchedulerConfig scheduler_config(std::span<const GenerationRequest> requests, int64_t max_response_tokens,
                                 int64_t blocks) {
  SchedulerConfig config = {
      .blocks = blocks, .keys_per_block = kKeysPerBlock, .shared_prefix = common_prefix(requests)};
  int64_t longest = 0;
  for (const GenerationRequest& request : requests) longest = std::max(longest, std::ssize(request.prompt));
  // Sharing may take a block more than there is.
  if (!Scheduler(config).can_ever_fit(longest + max_response_tokens)) config.shared_prefix = 0;
  return config;
}

}  // namespace

std::string_view finish_reason_name(FinishReason reason) {
  return reason == FinishReason::kStop ? "stop" : "length";
}

Generator::Generator(const Model& model, int64_t kv_memory_bytes, const Device& device)
    : model_(model), device_(device), kv_memory_bytes_(kv_memory_bytes) {}

int64_t Generator::most_side_by_side() { return SchedulerConfig().max_running; }

std::string Generator::name_of(std::span<const GenerationRequest> requests, int64_t request) {
  const std::string& name = requests[request].name;
  return name.empty() ? fmt::format("request {}", request) : name;
}

void Generator::check(std::span<const GenerationRequest> requests, const GenerationOptions& options,
                      int64_t blocks) const {
  validate(options, model_.config().vocabulary);
  for (size_t i = 0; i < requests.size(); ++i) {
    const int64_t length = std::ssize(requests[i].prompt) + options.sampling.max_response_tokens;
    const std::string where = name_of(requests, static_cast<int64_t>(i));
    if (requests[i].prompt.empty()) throw Error(where, "the prompt is empty", "give it at least one token");
    if (length > model_.config().context) {
      throw Error(where,
                  fmt::format("a prompt of {} tokens and {} new ones exceed the context of {} by {}",
                              requests[i].prompt.size(), options.sampling.max_response_tokens,
                              model_.config().context, length - model_.config().context),
                  "shorten the prompt or allow fewer new tokens");
    }
    if (blocks_for(length) + 1 > blocks) {
      throw Error(where, fmt::format("{} tokens need more key/value memory than there is", length),
                  fmt::format("give it at least {} MiB",
                              ((blocks_for(length) + 1) * KvCache::block_bytes(model_.config()) >> 20) + 1));
    }
    for (int32_t token : requests[i].prompt) {
      if (token < 0 || token >= model_.config().vocabulary) {
        throw Error(where, fmt::format("token {} is not in the model's vocabulary", token),
                    "use the tokenizer that belongs to the model");
      }
    }
  }
}

ForwardBatch Generator::make_batch(const SchedulerPass& pass, std::span<const GenerationRequest> requests,
                                   const std::vector<std::vector<Generation>>& sequences) const {
  ForwardBatch batch;
  for (const auto& work : pass.work) {
    const std::vector<int32_t>& prompt = requests[work.group].prompt;
    const int64_t offset = work.sample ? std::ssize(prompt) : 0;
    const std::vector<int32_t>& tokens = work.sample ? sequences[work.group][*work.sample].tokens : prompt;
    batch.spans.push_back({batch.rows(), work.count, work.first, work.blocks.data()});
    for (int64_t position = work.first; position < work.first + work.count; ++position) {
      batch.tokens.push_back(tokens[position - offset]);
      batch.positions.push_back(static_cast<int32_t>(position));
    }
  }
  for (const auto& copy : pass.copies) batch.copies.push_back({copy.from, copy.to, copy.keys});
  return batch;
}

void Generator::generate(std::span<const GenerationRequest> requests, const GenerationOptions& options,
                         const OnFinished& on_finished, const OnTokens& on_tokens) {
  // The whole budget, or what the requests could use at most, with a shared prefix that ends inside a block.
  int64_t useful = 1;
  for (const auto& r : requests) {
    useful += blocks_for_group(std::ssize(r.prompt), r.samples, options.sampling.max_response_tokens);
  }
  const int64_t blocks = std::min(useful, kv_memory_bytes_ / KvCache::block_bytes(model_.config()));
  check(requests, options, blocks);
  // What generating takes lives no longer than this call: training comes next and needs the memory.
  const std::unique_ptr<Pass> device_pass = device_.make_pass(model_);
  device_pass->reserve(blocks, Contents::kAny);

  preemptions_ = 0;
  Scheduler scheduler(scheduler_config(requests, options.sampling.max_response_tokens, blocks));
  std::vector<std::vector<Generation>> sequences;
  for (const auto& r : requests) {
    scheduler.add(std::ssize(r.prompt), r.samples, options.sampling.max_response_tokens);
    sequences.emplace_back(r.samples);
  }

  while (!scheduler.done()) {
    throw_if_stop_requested();
    const SchedulerPass pass = scheduler.next();
    device_pass->clear(pass.fresh);
    const ForwardBatch batch = make_batch(pass, requests, sequences);
    device_pass->forward(batch, PassPurpose::kInference);

    std::vector<Draw> draws;
    for (size_t w = 0; w < pass.work.size(); ++w) {
      const int64_t last_row = batch.spans[w].first_row + batch.spans[w].rows - 1;
      for (int64_t sample : pass.work[w].draws) draws.push_back({last_row, pass.work[w].group, sample});
    }
    std::vector<std::pair<int64_t, int64_t>> finished;
    draw_tokens(draws, *device_pass, requests, options, sequences, finished);
    scheduler.commit(pass, finished);
    preemptions_ = scheduler.preemptions();
    if (on_tokens) {
      std::vector<NewToken> tokens;
      for (const Draw& d : draws) {
        tokens.push_back({d.request, d.sample, sequences[d.request][d.sample].tokens.back()});
      }
      on_tokens(tokens);
    }
    for (const auto& [request, sample] : finished) {
      on_finished(request, sample, std::move(sequences[request][sample]));
    }
  }
}

void Generator::draw_tokens(std::span<const Draw> draws, Pass& device_pass,
                            std::span<const GenerationRequest> requests, const GenerationOptions& options,
                            std::vector<std::vector<Generation>>& sequences,
                            std::vector<std::pair<int64_t, int64_t>>& finished) {
  // Samples that draw from one row (of their prompt) share its logits.
  std::vector<int64_t> rows;
  std::vector<size_t> row_of_draw;
  for (const Draw& draw : draws) {
    if (rows.empty() || rows.back() != draw.row) rows.push_back(draw.row);
    row_of_draw.push_back(rows.size() - 1);
  }
  size_t next = 0;
  for (size_t first = 0; first < rows.size(); first += kHeadRows) {
    const auto chunk = std::span(rows).subspan(first, std::min<size_t>(kHeadRows, rows.size() - first));
    const ConstMatrixView all_logits = device_pass.logits(chunk);
    size_t end = next;
    while (end < draws.size() && row_of_draw[end] < first + chunk.size()) ++end;
    parallel_for(static_cast<int64_t>(end - next), [&](int64_t i) {
      const Draw& draw = draws[next + i];
      Generation& sequence = sequences[draw.request][draw.sample];
      const float* logits = all_logits.row(static_cast<int64_t>(row_of_draw[next + i] - first));
      const GenerationRequest& request = requests[draw.request];
      const int64_t number =
          request.sample_numbers.empty() ? draw.sample : request.sample_numbers[draw.sample];
      const Rng rng(options.seed, {options.step, request.stream, static_cast<uint64_t>(number)});
      const SampledToken sampled =
          draw_token({logits, static_cast<size_t>(all_logits.cols)}, options,
                     {request.prompt, sequence.tokens}, rng.uniform(sequence.tokens.size()));
      sequence.tokens.push_back(sampled.token);
      sequence.log_probs.push_back(sampled.log_prob);
    });
    next = end;
  }
  for (const Draw& draw : draws) {
    Generation& sequence = sequences[draw.request][draw.sample];
    if (!std::isfinite(sequence.log_probs.back())) {
      throw Error(name_of(requests, draw.request), "the model gives logits that are not finite",
                  "its weights have diverged, or are damaged");
    }
    const bool stop = ends(sequence, options);
    if (!stop && std::ssize(sequence.tokens) < options.sampling.max_response_tokens) continue;
    sequence.finish_reason = stop ? FinishReason::kStop : FinishReason::kLength;
    finished.emplace_back(draw.request, draw.sample);
  }
}

bool Generator::ends(const Generation& sequence, const GenerationOptions& options) const {
  if (!options.ignore_eos && std::ranges::count(model_.config().eos, sequence.tokens.back()) > 0) return true;
  return options.stop != nullptr && options.stop->complete(sequence.tokens);
}

}  // namespace deepscaler
