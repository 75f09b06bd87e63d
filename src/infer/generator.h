// Generation: asks the scheduler what to compute, runs the forward pass, draws tokens, and hands back
// each response when it is complete. Requests may come and go while others run.
//
// A drawn token and its log-probability depend on the weights, its prompt, its request's options and
// (seed, step, stream, sample, position) alone: neither on when the request came, nor on what else is in the
// batch, nor on what was cancelled, nor on memory or threads. A request that fails ends alone.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "infer/sampler.h"
#include "infer/sampling.h"
#include "infer/scheduler.h"
#include "infer/token_constraint.h"
#include "model/device.h"
#include "model/model.h"

namespace deepscaler {

struct GenerationRequest {
  std::vector<int32_t> prompt;  // at least one token
  int64_t samples = 1;
  uint64_t stream = 0;                       // of random numbers: the hash of a problem's id
  std::vector<int64_t> sample_numbers = {};  // of each sample, for its draws; 0, 1, ... where empty
  std::string name = {};                     // in errors; "request N" where empty
  // Keys and values of the responses are kept, while there is room, for a prompt that goes on from them: the
  // next turn of a conversation.
  bool keep_responses = false;
  // Keys and values are shared among the prompts and responses of one space alone.
  int64_t cache_space = 0;
  // The prompt's own tokens are scored too, but for the first: every row of it is computed.
  bool score_prompt = false;
};

enum class FinishReason { kStop, kLength };
[[nodiscard]] std::string_view finish_reason_name(FinishReason reason);  // "stop", "length"

struct Generation {
  std::vector<int32_t> tokens;   // the response, with the token that ended it
  std::vector<float> log_probs;  // of each, natural, as infer/sampling.h says
  // Of each the options.top_log_probs most likely tokens in its place, if any are asked for.
  std::vector<std::vector<TokenLogProb>> top;
  FinishReason finish_reason = FinishReason::kLength;
};

// What a pass computes at most beside a row for each running sample, and of those how many there are.
struct PassLimits {
  int64_t prompt_rows = SchedulerConfig().max_rows;  // fewer: running samples wait less for others' prompts
  int64_t samples = SchedulerConfig().max_running;
};

// One thread uses it at a time. The memory of keys and values is taken by the first add() and held until
// release().
class Generator {
 public:
  // Model and device must outlive this object. kv_memory_bytes: upper bound of the memory for keys and
  // values. Less memory means more preemption, never other tokens. Prompts that begin as one before them
  // share its keys and values while those are there.
  Generator(const Model& model, int64_t kv_memory_bytes, const Device& device = default_device(),
            PassLimits limits = {});

  [[nodiscard]] const Model& model() const { return model_; }
  // How many responses are generated side by side, where memory allows.
  [[nodiscard]] static int64_t most_side_by_side();
  // The longest prompt and response together, in tokens, for which there is context and memory.
  [[nodiscard]] int64_t most_positions() const;

  using RequestId = int64_t;  // 0, 1, ... as they come, anew after release()
  struct NewToken {
    RequestId request;
    int64_t sample;  // its place in the request, whatever its number
    int32_t token;
    float log_prob;
    std::vector<TokenLogProb> top;  // the options.top_log_probs most likely ones
  };
  // A prompt that has been read, of which `reused` tokens were there already.
  struct ReadPrompt {
    RequestId request;
    int64_t reused;
    std::vector<TokenRanking> scores;  // of its tokens after the first: requests with score_prompt
  };
  struct Failed {
    RequestId request;
    Error error;
  };
  struct Finished {
    RequestId request;
    int64_t sample;
    Generation generation;
  };
  // What a pass has read and drawn, and the responses that are complete with it. A request that has failed is
  // forgotten: its logits are not finite.
  struct Step {
    std::vector<ReadPrompt> prompts;
    std::vector<NewToken> tokens;
    std::vector<Failed> failed;
    std::vector<Finished> finished;
  };

  // Takes a request up; options.stop and options.constraint must live until it is done. Throws Error with its
  // name or number for one that can't fit the context or the memory, or options out of range; nothing has
  // changed then.
  RequestId add(GenerationRequest request, GenerationOptions options);
  // One forward pass, and a token for each response that it brings to its next.
  Step step();
  // Forgets a request and what of it is not finished; one that is done or unknown: nothing happens.
  void cancel(RequestId id);
  [[nodiscard]] bool idle() const { return requests_.empty(); }
  // Forgets all requests, and gives the memory of keys and values back.
  void release();

  using OnFinished = std::function<void(int64_t request, int64_t sample, Generation&& generation)>;
  using OnTokens = std::function<void(std::span<const NewToken> tokens)>;

  // Generates all samples of all requests, while there are no others (CHECK), and releases the memory:
  // training comes next and needs it. Each rank draws some of the samples, and all get all of them; on_tokens
  // is of this rank's. `on_finished` is called from this thread as each sample ends, and
  // `on_tokens` before that, with what a pass has drawn; `request` is the number in the list. Throws Error as
  // add() and step() do, for requests and options before anything is computed; Interrupted when the user asks
  // to stop.
  void generate(std::span<const GenerationRequest> requests, const GenerationOptions& options,
                const OnFinished& on_finished, const OnTokens& on_tokens = {});

  // Of this generator's last pool: how often a response's keys and values were taken away for want of memory,
  // and how many tokens of prompts were there already.
  [[nodiscard]] int64_t preemptions() const { return scheduler_ ? scheduler_->preemptions() : preemptions_; }
  [[nodiscard]] int64_t reused_tokens() const {
    return scheduler_ ? scheduler_->reused_tokens() : reused_tokens_;
  }

 private:
  struct Request {
    GenerationRequest asked;
    GenerationOptions options;
    std::vector<Generation> samples;
    std::vector<std::unique_ptr<ConstrainedResponse>>
        constrained;  // a sample each; none: all tokens may come
    int64_t unfinished = 0;
    std::vector<TokenRanking> prompt_scores = {};  // until the prompt is read
    bool is_read = false;
  };
  // A sample that gets a token, and the row of the batch that predicts it.
  struct Draw {
    int64_t row;
    RequestId request;
    int64_t sample;
  };

  // generate(), by this rank alone; and the samples of the others.
  void generate_here(std::span<const GenerationRequest> requests, const GenerationOptions& options,
                     const OnFinished& on_finished, const OnTokens& on_tokens);
  void generate_dealt(std::span<const GenerationRequest> requests, const GenerationOptions& options,
                      const OnFinished& on_finished, const OnTokens& on_tokens);
  [[nodiscard]] int64_t most_blocks() const;
  void check(const GenerationRequest& request, const GenerationOptions& options,
             const std::string& where) const;
  // Takes memory for so many blocks, of which at most `most_kept` are kept without use.
  void reserve(int64_t blocks, int64_t most_kept);
  [[nodiscard]] ForwardBatch make_batch(const SchedulerPass& pass) const;
  void read_prompts(const SchedulerPass& pass, const ForwardBatch& batch, Step& step);
  void score_rows(Request& request, const SchedulerPass::Work& work, int64_t first_row);
  void draw_tokens(std::span<const Draw> draws);
  void draw_token_of(const Draw& draw, std::span<const float> logits);
  // Whether the last token of a response is its end, its length apart.
  [[nodiscard]] bool ends(const Request& request, const Generation& sequence) const;
  // What the draws have completed and what has failed by them; responses are moved out.
  void take_finished(std::span<const Draw> draws, const SchedulerPass& pass, Step& step);

  const Model& model_;
  const Device& device_;
  int64_t kv_memory_bytes_;
  PassLimits limits_;
  std::unique_ptr<Pass> pass_;
  std::optional<Scheduler> scheduler_;
  std::map<RequestId, Request> requests_;  // by the scheduler's numbers of groups
  int64_t preemptions_ = 0, reused_tokens_ = 0;
};

}  // namespace deepscaler
