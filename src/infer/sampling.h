// How tokens are chosen: the settings of sampling, as vLLM and transformers name them. One struct, bound
// once, is what the commands, evaluations and rollouts share.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace deepscaler {

class ConfigSection;
class StopStrings;
class TokenConstraint;

// Added to a token's logit.
struct LogitBias {
  int32_t token;
  float bias;
};

// A token is chosen in these steps, the order of transformers' generate():
//   1. logit_bias is added;
//   2. repetition_penalty: logits of tokens that the prompt or the response has already are divided by
//      it where positive, else multiplied (Keskar et al. 2019, arXiv 1909.05858);
//      a constraint (infer/token_constraint.h) then says which tokens there are for the steps that follow;
//   3. temperature divides the logits; 0 takes the most likely token and ends here;
//   4. top_k: tokens less likely than the k-th are dropped (ties with it stay);
//   5. top_p: the most likely tokens are kept until their probability, among those that step 4 left,
//      reaches it (Holtzman et al. 2019, arXiv 1904.09751); of equally likely ones the lower number first;
//   6. min_p: tokens less likely than min_p times the most likely one are dropped (arXiv 2407.01082).
// vLLM takes step 6 before 4, which matters only where min_p and top_p are both set.
//
// The log-probability recorded with a token is the model's own at that temperature (1 for 0): that of
// softmax(logits / temperature), before all other steps. So scoring a response gives the same bits,
// whatever it was sampled with.
struct SamplingConfig {
  float temperature = 1;
  float top_p = 1;               // above 0; 1 keeps all
  int64_t top_k = 0;             // 0 keeps all
  float min_p = 0;               // below 1; 0 keeps all
  float repetition_penalty = 1;  // above 0; 1 is none
  int64_t max_response_tokens = 512;

  // Whether a token is drawn from softmax(logits / temperature) itself, the distribution whose
  // log-probabilities are recorded.
  [[nodiscard]] bool draws_from_the_model() const;
};

// Calls visit(name, field) for each field, in order: one list for records, comparisons and tests. A new field
// does not compile until it is in it.
template <class Config, class Visit>
void for_each_setting(Config& config, const Visit& visit) {
  auto& [temperature, top_p, top_k, min_p, repetition_penalty, max_response_tokens] = config;
  visit("temperature", temperature);
  visit("top_p", top_p);
  visit("top_k", top_k);
  visit("min_p", min_p);
  visit("repetition_penalty", repetition_penalty);
  visit("max_response_tokens", max_response_tokens);
}

void bind(ConfigSection& section, SamplingConfig& config);

// More responses than this are not asked for at a time: the lists of them alone would fill the memory.
inline constexpr int64_t kMostResponses = int64_t{1} << 24;

// Throws Error naming `where` for more responses than that.
void require_fewer_responses(std::string_view where, int64_t prompts, int64_t samples);

// A call of the generator: how it samples, and what is not a setting of a recipe.
struct GenerationOptions {
  SamplingConfig sampling;
  std::vector<LogitBias> logit_bias;
  // OpenAI's: a token that the response has c > 0 times loses presence_penalty + c frequency_penalty of its
  // logit, after step 2.
  float presence_penalty = 0;
  float frequency_penalty = 0;
  int64_t top_log_probs = 0;  // of how many of the most likely tokens the log-probabilities are told too
  const StopStrings* stop = nullptr;  // what ends a response besides its tokens; must outlive the use
  const TokenConstraint* constraint = nullptr;  // which tokens may come; must outlive the use
  uint64_t seed = 0;
  uint64_t step = 0;        // of a training run; its draws differ from those of other steps
  bool ignore_eos = false;  // go on to max_response_tokens: for measurements
};

// Throws Error for a setting out of range, or a bias for a token that a vocabulary of that size lacks.
void validate(const GenerationOptions& options, int64_t vocabulary);

}  // namespace deepscaler
