// Generation: asks the scheduler what to compute, runs the forward pass, draws tokens, and hands back
// each response when it is complete.
//
// A drawn token depends on the weights, its prompt, and (seed, step, request's stream, sample,
// position) alone: neither on what else is in the batch nor on memory or threads.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "infer/sampling.h"
#include "infer/scheduler.h"
#include "model/device.h"
#include "model/model.h"

namespace deepscaler {

struct GenerationRequest {
  std::vector<int32_t> prompt;  // at least one token
  int64_t samples = 1;
  uint64_t stream = 0;  // names the request for the random numbers: the hash of a problem's id
  std::vector<int64_t> sample_numbers = {};  // and its samples; 0, 1, ... where empty
  std::string name = {};                     // in errors; "request N" where empty
};

enum class FinishReason { kStop, kLength };
[[nodiscard]] std::string_view finish_reason_name(FinishReason reason);  // "stop", "length"

struct Generation {
  std::vector<int32_t> tokens;   // the response, with the token that ended it
  std::vector<float> log_probs;  // of each, natural, as infer/sampling.h says
  FinishReason finish_reason = FinishReason::kLength;
};

class Generator {
 public:
  // `model` must outlive this object. kv_memory_bytes: upper bound of the memory for keys and values. Less
  // memory means more preemption, never other tokens.
  Generator(const Model& model, int64_t kv_memory_bytes, const Device& device = default_device());

  [[nodiscard]] const Model& model() const { return model_; }
  // How many responses are generated side by side, where memory allows.
  [[nodiscard]] static int64_t most_side_by_side();
  // How often the last generate() took a response's keys and values away for want of memory.
  [[nodiscard]] int64_t preemptions() const { return preemptions_; }

  using OnFinished = std::function<void(int64_t request, int64_t sample, Generation&& generation)>;
  struct NewToken {
    int64_t request;
    int64_t sample;  // its place in the request, whatever its number
    int32_t token;
  };
  using OnTokens = std::function<void(std::span<const NewToken> tokens)>;

  // Generates all samples of all requests; on_finished is called from this thread as each ends, and
  // on_tokens before that, with what a pass has drawn. Throws
  // Error for a request that can't fit the context or the cache, with its name or number, and for options
  // out of range, before anything is computed; Interrupted when the user asks to stop.
  void generate(std::span<const GenerationRequest> requests, const GenerationOptions& options,
                const OnFinished& on_finished, const OnTokens& on_tokens = {});

 private:
  // A sample that gets a token, and the row of the batch that predicts it.
  struct Draw {
    int64_t row;
    int64_t request;
    int64_t sample;
  };
  ForwardBatch make_batch(const SchedulerPass& pass, std::span<const GenerationRequest> requests,
                          const std::vector<std::vector<Generation>>& sequences) const;
  void draw_tokens(std::span<const Draw> draws, Pass& device_pass,
                   std::span<const GenerationRequest> requests, const GenerationOptions& options,
                   std::vector<std::vector<Generation>>& sequences,
                   std::vector<std::pair<int64_t, int64_t>>& finished);
  static std::string name_of(std::span<const GenerationRequest> requests, int64_t request);
  // Whether the last token of a response is its end, its length apart.
  [[nodiscard]] bool ends(const Generation& sequence, const GenerationOptions& options) const;
  void check(std::span<const GenerationRequest> requests, const GenerationOptions& options,
             int64_t blocks) const;

  const Model& model_;
  const Device& device_;
  int64_t kv_memory_bytes_;
  int64_t preemptions_ = 0;
};

}  // namespace deepscaler
