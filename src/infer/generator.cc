#include "infer/generator.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/signals.h"
#include "comm/ranks.h"
#include "infer/dealt_requests.h"
#include "infer/sampler.h"
#include "infer/stop_strings.h"
#include "model/kv_cache.h"

namespace deepscaler {
namespace {

std::string name_of(const GenerationRequest& request, int64_t number) {
  return request.name.empty() ? fmt::format("request {}", number) : request.name;
}

}  // namespace

std::string_view finish_reason_name(FinishReason reason) {
  return reason == FinishReason::kStop ? "stop" : "length";
}

Generator::Generator(const Model& model, int64_t kv_memory_bytes, const Device& device, PassLimits limits)
    : model_(model), device_(device), kv_memory_bytes_(kv_memory_bytes), limits_(limits) {}

int64_t Generator::most_side_by_side() { return SchedulerConfig().max_running; }

int64_t Generator::most_positions() const {
  return std::min(model_.config().context, (most_blocks() - 1) * kKeysPerBlock);
}

int64_t Generator::most_blocks() const { return kv_memory_bytes_ / kv_block_bytes(model_); }

void Generator::check(const GenerationRequest& request, const GenerationOptions& options,
                      const std::string& where) const {
  if (request.prompt.empty()) throw Error(where, "the prompt is empty", "give it at least one token");
  const int64_t context = model_.config().context;
  const int64_t length = std::ssize(request.prompt) + options.sampling.max_response_tokens;
  if (length > context) {
    throw Error(
        where,
        fmt::format("a prompt of {} tokens and {} new ones exceed the context of {} by {}",
                    request.prompt.size(), options.sampling.max_response_tokens, context, length - context),
        "shorten the prompt or allow fewer new tokens");
  }
  if (blocks_for(length) + 1 > most_blocks()) {
    throw Error(where, fmt::format("{} tokens need more key/value memory than there is", length),
                fmt::format("give it at least {} MiB",
                            ((blocks_for(length) + 1) * kv_block_bytes(model_) >> 20) + 1));
  }
  for (int32_t token : request.prompt) {
    if (token < 0 || token >= model_.config().vocabulary) {
      throw Error(where, fmt::format("token {} is not in the model's vocabulary", token),
                  "use the tokenizer that belongs to the model");
    }
  }
}

void Generator::reserve(int64_t blocks, int64_t most_kept) {
  pass_ = device_.make_pass(model_);
  pass_->reserve(blocks, Contents::kAny);
  scheduler_.emplace(SchedulerConfig{.blocks = blocks,
                                     .keys_per_block = kKeysPerBlock,
                                     .max_rows = limits_.prompt_rows,
                                     .max_running = limits_.samples,
                                     .most_kept = most_kept});
}

void Generator::release() {
  preemptions_ = preemptions();
  reused_tokens_ = reused_tokens();
  requests_.clear();
  scheduler_.reset();
  pass_.reset();
}

Generator::RequestId Generator::add(GenerationRequest request, GenerationOptions options) {
  validate(options, model_.config().vocabulary);
  check(request, options, name_of(request, scheduler_ ? scheduler_->added() : 0));
  if (!scheduler_) reserve(most_blocks(), most_blocks());
  // The scheduler looks at the prompt: it must be where it stays.
  const int64_t samples = request.samples, most_new = options.sampling.max_response_tokens;
  Request taken = {.asked = std::move(request),
                   .options = std::move(options),
                   .samples = std::vector<Generation>(samples),
                   .constrained = {},
                   .unfinished = samples};
  if (taken.options.constraint != nullptr) {
    for (int64_t s = 0; s < samples; ++s) taken.constrained.push_back(taken.options.constraint->begin());
  }
  if (taken.asked.score_prompt) taken.prompt_scores.resize(taken.asked.prompt.size() - 1);
  const RequestId id =
      scheduler_->add(taken.asked.prompt, samples, most_new,
                      {.space = taken.asked.cache_space, .reads = !taken.asked.score_prompt});
  requests_.emplace(id, std::move(taken));
  return id;
}

void Generator::cancel(RequestId id) {
  if (!requests_.contains(id)) return;
  scheduler_->cancel(id);
  requests_.erase(id);
}

Generator::Step Generator::step() {
  Step result;
  if (idle()) return result;
  const SchedulerPass pass = scheduler_->next();
  pass_->clear(pass.fresh);
  const ForwardBatch batch = make_batch(pass);
  pass_->forward(batch, PassPurpose::kInference);
  read_prompts(pass, batch, result);

  std::vector<Draw> draws;
  for (size_t w = 0; w < pass.work.size(); ++w) {
    const int64_t last_row = batch.spans[w].first_row + batch.spans[w].rows - 1;
    for (int64_t sample : pass.work[w].draws) draws.push_back({last_row, pass.work[w].group, sample});
  }
  draw_tokens(draws);
  for (const Draw& draw : draws) {
    const Generation& sequence = requests_.at(draw.request).samples[draw.sample];
    if (!std::isfinite(sequence.log_probs.back())) continue;
    result.tokens.push_back({draw.request, draw.sample, sequence.tokens.back(), sequence.log_probs.back(),
                             sequence.top.empty() ? std::vector<TokenLogProb>() : sequence.top.back()});
  }
  take_finished(draws, pass, result);
  return result;
}

ForwardBatch Generator::make_batch(const SchedulerPass& pass) const {
  ForwardBatch batch;
  for (const auto& work : pass.work) {
    const Request& request = requests_.at(work.group);
    const std::vector<int32_t>& prompt = request.asked.prompt;
    const int64_t offset = work.sample ? std::ssize(prompt) : 0;
    const std::vector<int32_t>& tokens = work.sample ? request.samples[*work.sample].tokens : prompt;
    batch.spans.push_back({batch.rows(), work.count, work.first, work.blocks.data()});
    for (int64_t position = work.first; position < work.first + work.count; ++position) {
      batch.tokens.push_back(tokens[position - offset]);
      batch.positions.push_back(static_cast<int32_t>(position));
    }
  }
  for (const auto& copy : pass.copies) batch.copies.push_back({copy.from, copy.to, copy.keys});
  return batch;
}

void Generator::read_prompts(const SchedulerPass& pass, const ForwardBatch& batch, Step& step) {
  for (size_t w = 0; w < pass.work.size(); ++w) {
    const auto& work = pass.work[w];
    Request& request = requests_.at(work.group);
    if (work.sample || request.is_read)
      continue;  // what is read again, for want of memory, has the same bits
    if (request.asked.score_prompt) score_rows(request, work, batch.spans[w].first_row);
    if (work.first + work.count < std::ssize(request.asked.prompt)) continue;
    request.is_read = true;
    step.prompts.push_back(
        {work.group, scheduler_->reused_tokens(work.group), std::move(request.prompt_scores)});
  }
}

// Position p of a prompt predicts its token p + 1; the last predicts none.
void Generator::score_rows(Request& request, const SchedulerPass::Work& work, int64_t first_row) {
  const std::vector<int32_t>& prompt = request.asked.prompt;
  const int64_t count = std::min(work.count, std::ssize(prompt) - 1 - work.first);
  for (int64_t done = 0; done < count; done += kHeadRows) {
    std::vector<int64_t> rows(static_cast<size_t>(std::min(kHeadRows, count - done)));
    std::iota(rows.begin(), rows.end(), first_row + done);
    const ConstMatrixView logits = pass_->logits(rows);
    parallel_for(std::ssize(rows), [&](int64_t i) {
      const int64_t position = work.first + done + i;
      request.prompt_scores[position] =
          rank_token({logits.row(i), static_cast<size_t>(logits.cols)}, prompt[position + 1],
                     request.options.top_log_probs, request.options.sampling.temperature);
    });
  }
}

void Generator::draw_tokens(std::span<const Draw> draws) {
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
    const ConstMatrixView logits = pass_->logits(chunk);
    size_t end = next;
    while (end < draws.size() && row_of_draw[end] < first + chunk.size()) ++end;
    parallel_for(static_cast<int64_t>(end - next), [&](int64_t i) {
      const float* row = logits.row(static_cast<int64_t>(row_of_draw[next + i] - first));
      draw_token_of(draws[next + i], {row, static_cast<size_t>(logits.cols)});
    });
    next = end;
  }
}

void Generator::draw_token_of(const Draw& draw, std::span<const float> logits) {
  Request& request = requests_.at(draw.request);
  Generation& sequence = request.samples[draw.sample];
  const std::vector<int64_t>& numbers = request.asked.sample_numbers;
  const int64_t number = numbers.empty() ? draw.sample : numbers[draw.sample];
  const Rng rng(request.options.seed,
                {request.options.step, request.asked.stream, static_cast<uint64_t>(number)});
  ConstrainedResponse* constrained =
      request.constrained.empty() ? nullptr : request.constrained[draw.sample].get();
  SampledContext context = {request.asked.prompt, sequence.tokens};
  if (constrained != nullptr) context.allowed = constrained->allowed();
  const SampledToken sampled =
      draw_token(logits, request.options, context, rng.uniform(sequence.tokens.size()));
  // Logits that are not finite give no token.
  if (constrained != nullptr && std::isfinite(sampled.log_prob)) constrained->advance(sampled.token);
  sequence.tokens.push_back(sampled.token);
  sequence.log_probs.push_back(sampled.log_prob);
  if (request.options.top_log_probs > 0 && std::isfinite(sampled.log_prob)) {
    sequence.top.push_back(
        rank_token(logits, sampled.token, request.options.top_log_probs, request.options.sampling.temperature)
            .top);
  }
}

void Generator::take_finished(std::span<const Draw> draws, const SchedulerPass& pass, Step& step) {
  std::vector<Draw> done;
  std::vector<Scheduler::Finished> names;
  for (const Draw& draw : draws) {
    Request& request = requests_.at(draw.request);
    Generation& sequence = request.samples[draw.sample];
    if (!std::isfinite(sequence.log_probs.back())) {
      if (std::ranges::count(step.failed, draw.request, &Failed::request) > 0) continue;
      step.failed.push_back({draw.request, Error(name_of(request.asked, draw.request),
                                                 "the model gives logits that are not finite",
                                                 "its weights have diverged, or are damaged")});
      continue;
    }
    if (ends(request, sequence)) {
      sequence.finish_reason = FinishReason::kStop;
    } else if (std::ssize(sequence.tokens) < request.options.sampling.max_response_tokens) {
      continue;
    }
    done.push_back(draw);
    names.push_back({draw.request, draw.sample});
    if (request.asked.keep_responses) names.back().keep = sequence.tokens;
  }
  scheduler_->commit(pass, names);

  for (const Draw& draw : done) {
    Request& request = requests_.at(draw.request);
    step.finished.push_back({draw.request, draw.sample, std::move(request.samples[draw.sample])});
    if (--request.unfinished == 0) requests_.erase(draw.request);
  }
  for (const Failed& failed : step.failed) cancel(failed.request);
}

bool Generator::ends(const Request& request, const Generation& sequence) const {
  const int32_t last = sequence.tokens.back();
  if (!request.options.ignore_eos && std::ranges::count(model_.config().eos, last) > 0) return true;
  return request.options.stop != nullptr && request.options.stop->complete(sequence.tokens);
}

void Generator::generate(std::span<const GenerationRequest> requests, const GenerationOptions& options,
                         const OnFinished& on_finished, const OnTokens& on_tokens) {
  DEEPSCALER_CHECK(idle());
  validate(options, model_.config().vocabulary);
  for (size_t i = 0; i < requests.size(); ++i) {
    check(requests[i], options, name_of(requests[i], static_cast<int64_t>(i)));
  }
  if (ranks().size() == 1) return generate_here(requests, options, on_finished, on_tokens);
  generate_dealt(requests, options, on_finished, on_tokens);
}

void Generator::generate_here(std::span<const GenerationRequest> requests, const GenerationOptions& options,
                              const OnFinished& on_finished, const OnTokens& on_tokens) {
  release();
  // What the requests could use at most, where that is less than the whole budget.
  int64_t useful = 1;
  for (const GenerationRequest& request : requests) {
    useful +=
        blocks_for_group(std::ssize(request.prompt), request.samples, options.sampling.max_response_tokens);
  }
  const int64_t blocks = std::min(useful, most_blocks());
  const struct Release {
    Generator& generator;
    ~Release() { generator.release(); }
  } at_the_end{*this};
  // A beginning that all prompts share stays between two of them; a few blocks of others do no harm.
  reserve(blocks, blocks / 8);
  for (const GenerationRequest& request : requests) add(request, options);
  while (!idle()) {
    if (stop_pending()) throw Interrupted();
    Step step = this->step();
    if (!step.failed.empty()) throw step.failed.front().error;
    if (on_tokens) on_tokens(step.tokens);
    for (Finished& done : step.finished) {
      on_finished(done.request, done.sample, std::move(done.generation));
    }
  }
}

void Generator::generate_dealt(std::span<const GenerationRequest> requests, const GenerationOptions& options,
                               const OnFinished& on_finished, const OnTokens& on_tokens) {
  DEEPSCALER_CHECK(options.top_log_probs == 0, "ranks exchange tokens and their log-probabilities");
  const DealtRequests dealt(requests);
  std::vector<std::string> mine(dealt.pieces());
  try {
    generate_here(
        dealt.requests(), options,
        [&](int64_t request, int64_t sample, Generation&& generation) {
          const DealtSample& piece = dealt.piece(request, sample);
          mine[piece.number] = to_bytes(generation);
          on_finished(piece.request, piece.sample, std::move(generation));
        },
        on_tokens);
  } catch (const Interrupted&) {
    // The others learn of it here and leave too.
  }
  ranks().meet();
  throw_if_stop_requested();
  const std::vector<std::string> all = ranks().gather_dealt(dealt.owners(), mine);
  for (size_t i = 0; i < all.size(); ++i) {
    if (dealt.owners()[i] == ranks().rank()) continue;
    on_finished(dealt.samples()[i].request, dealt.samples()[i].sample, generation_from(all[i]));
  }
}

}  // namespace deepscaler
