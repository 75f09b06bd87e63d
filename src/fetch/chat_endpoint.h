// A model behind HTTP, asked as OpenAI's clients ask: POST /chat/completions. The one client for all that
// want answers of another server: evaluations, steps of a data pipeline.
//
// What a server refuses for now (408, 409, 429, 5xx but 501, no connection) is asked again after a pause that
// doubles, or as long as the server says; for all that one request waits there is a bound. Answers can be
// kept in a folder by the hash of what was asked, so that a job which is repeated asks for nothing twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace deepscaler {

struct ChatEndpointOptions {
  std::string url;                 // what stands before /chat/completions: "http://127.0.0.1:8080/v1"
  std::string key;                 // sent as bearer, to this host only; empty for none
  std::filesystem::path cache;     // the folder of answers; empty: none are kept
  double requests_per_minute = 0;  // at most, retries included; 0: as many as are asked for
  double patience_s = 600;         // for one request, its pauses and tries together
  int64_t answer_time_s = 600;     // for the first byte of an answer, and between two
  int64_t retry_delay_ms = 500;    // before the second try; doubles up to 32 s
  // Told why a request must wait for another try; called from the threads that ask, never from two at once.
  std::function<void(const std::string& fault)> on_retry = {};
};

struct ChatChoice {
  std::string content;
  std::string reasoning;      // the chain of thought, where the server tells it apart
  std::string finish_reason;  // "stop", "length", ...

  // As the model would have written it: an answer counts only behind the thoughts.
  [[nodiscard]] std::string text() const;
  // Why the server has given no answer: it withheld what it filters, or nothing was said. Empty where there
  // is one, and where no token was left for it.
  [[nodiscard]] std::string fault() const;
};

struct ChatAnswer {
  std::vector<ChatChoice> choices;                   // at least one
  int64_t prompt_tokens = 0, completion_tokens = 0;  // of all choices; 0 where the server does not say
  bool was_kept = false;                             // in the cache
};

// A request whose prompt is longer than the server takes: asked again, it is refused again.
class PromptTooLong : public Error {
 public:
  using Error::Error;
};

// For on_retry: a warning for each fault that differs from the one before.
[[nodiscard]] std::function<void(const std::string& fault)> warn_of_retries(double patience_s);

// The seed of a request: its own for each item and sample. Positive in 31 bits, which every server takes.
[[nodiscard]] int64_t request_seed(uint64_t seed, std::string_view item, int64_t sample);

// Thread-safe: several threads may ask side by side.
class ChatEndpoint {
 public:
  // Throws Error for a URL that is none.
  explicit ChatEndpoint(ChatEndpointOptions options);

  // The answer to {"model", "messages", ...}, whose keys are sent in their order. Throws Error, with the
  // server's words and behind `purpose`, for a request that it refuses for good and for an answer that is
  // none; PromptTooLong; Unreachable when patience is at its end; Interrupted. An answer in which a choice
  // has a fault is not kept.
  [[nodiscard]] ChatAnswer ask(const nlohmann::ordered_json& request, const std::string& purpose = "");

  [[nodiscard]] const ChatEndpointOptions& options() const { return options_; }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::filesystem::path kept_at(const std::string& request) const;
  [[nodiscard]] std::optional<std::string> find_kept(const std::string& request) const;
  [[nodiscard]] std::string fetch(const std::string& request, const std::string& purpose);
  void wait_for_turn();
  void hold_back(double seconds, const std::string& fault);

  ChatEndpointOptions options_;
  std::string url_;
  std::mutex mutex_;
  Clock::time_point next_turn_{};  // of any request
};

struct ChatJob {
  int64_t requests = 0;
  int64_t side_by_side = 1;  // at most
  std::function<nlohmann::ordered_json(int64_t i)> request;
  std::function<std::string(int64_t i)> purpose;  // what a request is for, in errors
  // Called from several threads, but never from two at once, in the order in which answers come.
  std::function<void(int64_t i, ChatAnswer&& answer)> on_answer;
  // Called like on_answer for a request that has failed for good. It may throw; where it doesn't, the job
  // goes on. Empty: the first failure ends the job.
  std::function<void(int64_t i, const Error& error)> on_failure = {};
};

// Asks for all answers of the job. After what ends it nothing more is asked; that is thrown when what is
// under way has ended.
void ask_all(ChatEndpoint& endpoint, const ChatJob& job);

}  // namespace deepscaler
