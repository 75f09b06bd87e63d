// The engine's thread: computes the answers to all open questions together, a pass at a time, and hands each
// token over as it comes. A question whose asker has gone gives its place back before the next pass. One that
// fails ends alone.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/stopwatch.h"
#include "infer/generator.h"
#include "infer/stop_strings.h"
#include "infer/token_constraint.h"
#include "serve/answer/engine_metrics.h"

namespace deepscaler {

// Who gets an answer. Called on the engine's thread, where all others wait for it.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;

  // The prompt is read; once, before all tokens.
  virtual void on_prompt(Generator::ReadPrompt&& prompt) = 0;
  virtual void on_token(const Generator::NewToken& token) = 0;
  virtual void on_finished(int64_t sample, FinishReason reason) = 0;
  // Nothing follows. `status` as HTTP has them.
  virtual void on_failed(int status, const std::string& message) = 0;
  [[nodiscard]] virtual bool is_gone() const = 0;
};

struct Question {
  GenerationRequest request;
  GenerationOptions options;  // but for its stop strings and constraint:
  std::shared_ptr<const StopStrings> stop;
  std::shared_ptr<const TokenConstraint> constraint = {};
  std::shared_ptr<AnswerSink> sink;
};

// ask(), stop() and metrics() may be called from any thread.
class AnswerEngine {
 public:
  // At most `most_open` calls of ask() are being answered or wait. The generator must outlive this object,
  // and is used by run() alone.
  AnswerEngine(Generator& generator, int64_t most_open);

  // Takes the questions of one request up; false where there is no room for it.
  [[nodiscard]] bool ask(std::vector<Question> questions);
  // Answers until stop(). What is open then fails with status 503.
  void run();
  void stop();

  [[nodiscard]] EngineMetrics metrics() const;

 private:
  // A request is open as long as this lives.
  struct Place {
    AnswerEngine& engine;
    ~Place();
  };
  struct Open {
    Question question;
    std::shared_ptr<Place> place;
    Stopwatch since_asked, since_token;
    int64_t unfinished = 0;
  };

  [[nodiscard]] std::deque<Open> wait_for_work();
  [[nodiscard]] std::deque<Open> take_asked();
  void begin(Open&& open);
  void drop_gone();
  void pass();
  void hand_over(Generator::Step&& step);
  // Counts a question that comes to such an end, and frees its place: before its asker knows, who may ask
  // again.
  void end(Open& open, int64_t EngineMetrics::*how);
  void fail_all(int status, const std::string& message);

  Generator& generator_;
  int64_t most_open_;
  std::map<Generator::RequestId, Open> open_;  // of the engine's thread

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable wake_;
  std::deque<Open> asked_;
  bool stopping_ = false;
  int64_t places_ = 0;
  EngineMetrics metrics_;
};

}  // namespace deepscaler
