// Supervised fine-tuning: the negative log-probability of demonstrations, averaged over the learned
// tokens of a step, as PyTorch's cross-entropy over a batch is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/demonstration.h"
#include "data/epoch.h"
#include "train/step.h"
#include "train/token_loss.h"

namespace deepscaler {

class ConfigSection;

// What happens to demonstrations longer than max_tokens. Their number is always printed.
enum class TooLong {
  kSkip,      // left out
  kTruncate,  // cut at the end; left out if nothing to learn remains
  kRefuse,    // an error
};

// Which examples a stage learns from.
struct ExamplesConfig {
  TraceChoice traces = TraceChoice::kVerified;
  int64_t max_tokens = 0;  // of a demonstration; 0: the model's context
  TooLong too_long = TooLong::kSkip;
};

void bind(ConfigSection& section, ExamplesConfig& config);

struct SftConfig {
  PassesConfig passes;
  LossOn loss_on = LossOn::kCompletions;
  ExamplesConfig examples;
  std::vector<std::string> eval_files;  // held-out demonstrations
  double eval_share = 0;                // of the demonstrations, held out
};

void bind(ConfigSection& section, SftConfig& config);

class NegativeLogLikelihood : public TokenLoss {
 public:
  // `tokens`: the number of learned tokens of a step, over which the loss is averaged.
  explicit NegativeLogLikelihood(int64_t tokens) : tokens_(tokens) {}

  void evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores,
                std::span<TokenDerivative> derivatives) override;

  [[nodiscard]] std::string take_measures() override { return take_sums(sums_); }
  void add_measures(std::string_view bytes) override { add_sums(sums_, bytes); }

  [[nodiscard]] double loss() const { return sums_.loss / static_cast<double>(tokens_); }  // nats a token
  [[nodiscard]] double entropy() const { return sums_.entropy / static_cast<double>(tokens_); }

 private:
  // Over the tokens seen.
  struct Sums {
    double loss = 0;
    double entropy = 0;
    void add(const Sums& other) {
      loss += other.loss;
      entropy += other.entropy;
    }
  };

  int64_t tokens_;
  Sums sums_;
};

// How a length limit changed a set of demonstrations.
struct LengthCounts {
  int64_t longer = 0;     // than the limit
  int64_t truncated = 0;  // of them, kept in part
  int64_t longest = 0;    // tokens of the longest demonstration before the limit was applied
};

// Applies the limit in place. Throws Error where nothing is left; under kRefuse also for the first
// demonstration that is too long, which it names.
LengthCounts limit_lengths(std::vector<Demonstration>& demonstrations, int64_t max_tokens, TooLong too_long);

// Moves about `share` of the demonstrations out, and returns them. The choice depends on the seed and on each
// demonstration's id alone: equal demonstrations are on the same side, and further data leave the split as it
// was. Throws Error where one side would be empty.
[[nodiscard]] std::vector<Demonstration> split_off(std::vector<Demonstration>& demonstrations, double share,
                                                   uint64_t seed);

// The demonstration as a group for the training step: the prompt is what comes before the first learned
// token. Views of the demonstration.
[[nodiscard]] TokenGroup token_group(const Demonstration& demonstration);

// The mean negative log-probability of the learned tokens, in nats. `score` gives the tokens' scores at
// temperature 1.
[[nodiscard]] double mean_loss(std::span<const Demonstration> demonstrations,
                               const std::function<GroupScores(std::span<const TokenGroup>)>& score);

}  // namespace deepscaler
