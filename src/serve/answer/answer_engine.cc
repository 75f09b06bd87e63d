#include "serve/answer/answer_engine.h"

#include <exception>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"

namespace deepscaler {

AnswerEngine::Place::~Place() {
  const std::lock_guard lock(engine.mutex_);
  --engine.places_;
}

AnswerEngine::AnswerEngine(Generator& generator, int64_t most_open)
    : generator_(generator), most_open_(most_open) {}

bool AnswerEngine::ask(std::vector<Question> questions) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || places_ >= most_open_) {
    ++metrics_.requests_refused;
    return false;
  }
  ++places_;
  const std::shared_ptr<Place> place(new Place{*this});
  for (Question& question : questions) {
    const int64_t samples = question.request.samples;
    asked_.push_back({.question = std::move(question), .place = place, .unfinished = samples});
  }
  wake_.notify_one();
  return true;
}

void AnswerEngine::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  wake_.notify_one();
}

EngineMetrics AnswerEngine::metrics() const {
  const std::lock_guard lock(mutex_);
  EngineMetrics metrics = metrics_;
  metrics.requests_open = places_;
  if (places_ == 0) metrics.samples_running = 0;
  return metrics;
}

void AnswerEngine::run() {
  use_common_float_mode();
  for (;;) {
    for (Open& open : wait_for_work()) begin(std::move(open));
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    drop_gone();
    pass();
  }
  for (Open& open : take_asked()) begin(std::move(open));
  fail_all(503, "the server is stopping");
}

std::deque<AnswerEngine::Open> AnswerEngine::take_asked() {
  const std::lock_guard lock(mutex_);
  return std::exchange(asked_, {});
}

// The questions that came since, once there is something to do.
std::deque<AnswerEngine::Open> AnswerEngine::wait_for_work() {
  {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return stopping_ || !asked_.empty() || !generator_.idle(); });
  }
  return take_asked();
}

void AnswerEngine::begin(Open&& open) {
  if (open.question.sink->is_gone()) return end(open, &EngineMetrics::requests_abandoned);
  open.question.options.stop = open.question.stop.get();
  open.question.options.constraint = open.question.constraint.get();
  try {
    const auto id = generator_.add(open.question.request, open.question.options);
    open_.emplace(id, std::move(open));
  } catch (const Error& error) {
    end(open, &EngineMetrics::requests_failed);
    open.question.sink->on_failed(400, error.what());
  }
}

void AnswerEngine::drop_gone() {
  for (auto it = open_.begin(); it != open_.end();) {
    if (!it->second.question.sink->is_gone()) {
      ++it;
      continue;
    }
    generator_.cancel(it->first);
    end(it->second, &EngineMetrics::requests_abandoned);
    it = open_.erase(it);
  }
}

// An exception here is none of a request's: memory that can't be had, say. All that is open fails, and the
// engine goes on with a new pool.
void AnswerEngine::pass() {
  if (generator_.idle()) return;
  try {
    const Stopwatch watch;
    Generator::Step step = generator_.step();
    {
      const std::lock_guard lock(mutex_);
      ++metrics_.passes;
      metrics_.busy_seconds += watch.seconds();
      metrics_.samples_running = std::ssize(step.tokens);
      metrics_.generated_tokens += std::ssize(step.tokens);
      metrics_.preemptions = generator_.preemptions();
    }
    hand_over(std::move(step));
  } catch (const std::exception& error) {
    fail_all(500, error.what());
    generator_.release();
  }
}

void AnswerEngine::hand_over(Generator::Step&& step) {
  for (Generator::ReadPrompt& prompt : step.prompts) {
    Open& open = open_.at(prompt.request);
    {
      const std::lock_guard lock(mutex_);
      metrics_.first_token_seconds.add(open.since_asked.seconds());
      metrics_.prompt_tokens += std::ssize(open.question.request.prompt);
      metrics_.reused_tokens += prompt.reused;
    }
    (void)open.since_token.lap();
    open.question.sink->on_prompt(std::move(prompt));
  }
  for (const Generator::NewToken& token : step.tokens) {
    Open& open = open_.at(token.request);
    open.question.sink->on_token(token);
    if (token.sample > 0) continue;
    const std::lock_guard lock(mutex_);
    metrics_.token_seconds.add(open.since_token.lap());
  }
  for (const Generator::Failed& failed : step.failed) {
    Open& open = open_.at(failed.request);
    end(open, &EngineMetrics::requests_failed);
    open.question.sink->on_failed(500, failed.error.what());
    open_.erase(failed.request);
  }
  for (const Generator::Finished& done : step.finished) {
    const auto found = open_.find(done.request);
    if (found == open_.end()) continue;  // another sample of it has failed
    Open& open = found->second;
    const bool is_last = --open.unfinished == 0;
    if (is_last) end(open, &EngineMetrics::requests_finished);
    open.question.sink->on_finished(done.sample, done.generation.finish_reason);
    if (is_last) open_.erase(found);
  }
}

void AnswerEngine::end(Open& open, int64_t EngineMetrics::*how) {
  {
    const std::lock_guard lock(mutex_);
    ++(metrics_.*how);
  }
  open.place.reset();
}

void AnswerEngine::fail_all(int status, const std::string& message) {
  for (auto& [id, open] : open_) {
    end(open, &EngineMetrics::requests_failed);
    open.question.sink->on_failed(status, message);
  }
  open_.clear();
}

}  // namespace deepscaler
