// The divergence of a student from a teacher over the whole vocabulary, token by token (GKD: Agarwal et al.,
// 2024, arXiv:2306.13649). With s and t the softmax of both logits at one temperature, and b = jsd_beta:
//
//   forward  KL(t || s)
//   reverse  KL(s || t)
//   jsd      b KL(t || m) + (1 - b) KL(s || m),   m = b t + (1 - b) s
//
// V is the student's vocabulary, which the teacher's may exceed or fall short of. Both are normalized over
// their first `common` tokens, and the student's logits behind those have no gradient.
//
// Of a teacher's k most likely tokens alone: forward sums over those, with the probabilities that both have
// in their whole vocabularies; reverse and jsd compare the two as normalized over those tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/device.h"
#include "model/model.h"
#include "train/head.h"
#include "train/top_tokens.h"

namespace deepscaler {

class ConfigSection;

enum class DivergenceKind { kForward, kReverse, kJsd };

struct DivergenceConfig {
  DivergenceKind kind = DivergenceKind::kJsd;
  double jsd_beta = 0.5;  // the teacher's share of m
  double temperature = 1;
};

void bind(ConfigSection& section, DivergenceConfig& config);

// Of one token, in nats.
struct DivergenceTerm {
  double divergence = 0;
  double entropy = 0;  // of the student at that temperature

  void add(const DivergenceTerm& other) {
    divergence += other.divergence;
    entropy += other.entropy;
  }
};

// Overwrites the student's logits [V] with `weight` times the derivatives of the divergence with respect to
// them. `teacher` are logits too, at least `common`.
[[nodiscard]] DivergenceTerm divergence_term(const DivergenceConfig& config, int64_t common, double weight,
                                             std::span<float> student, std::span<const float> teacher);

// The same of a teacher's most likely tokens, by its softmax at the temperature of `config`. Each of them
// must be below V.
[[nodiscard]] DivergenceTerm divergence_term(const DivergenceConfig& config, const TopTokens& teacher,
                                             double weight, std::span<float> student);

// The mean divergence of the tokens of a step.
class DivergenceLoss : public LogitsLoss {
 public:
  void evaluate(std::span<const PredictedToken> tokens, MatrixView logits) final;

  [[nodiscard]] std::string take_measures() override { return take_sums(sums_); }
  void add_measures(std::string_view bytes) override { add_sums(sums_, bytes); }

  // Means over the tokens seen.
  [[nodiscard]] double divergence() const { return sums_.divergence / static_cast<double>(tokens_); }
  [[nodiscard]] double entropy() const { return sums_.entropy / static_cast<double>(tokens_); }

 protected:
  // `tokens`: of the step that have a loss.
  explicit DivergenceLoss(int64_t tokens) : tokens_(tokens) {}

  // Called with the tokens of which term() is called next.
  virtual void look_at(std::span<const PredictedToken> /*tokens*/) {}
  // Of number `index` of those tokens. Thread-safe.
  [[nodiscard]] virtual DivergenceTerm term(const PredictedToken& token, int64_t index, double weight,
                                            std::span<float> student) const = 0;

 private:
  int64_t tokens_;
  DivergenceTerm sums_;
};

// From a model, which reads each micro-batch as the student does, so its logits are in memory for one chunk
// at a time.
class TeacherDivergence final : public DivergenceLoss {
 public:
  // The teacher must outlive this object.
  TeacherDivergence(const DivergenceConfig& config, const Model& teacher, int64_t common, int64_t tokens,
                    const Device& device = default_device());

  void begin(const MicroBatch& batch) override;

 private:
  void look_at(std::span<const PredictedToken> tokens) override;
  [[nodiscard]] DivergenceTerm term(const PredictedToken& token, int64_t index, double weight,
                                    std::span<float> student) const override;

  DivergenceConfig config_;
  std::unique_ptr<Pass> teacher_;
  int64_t common_;
  MatrixView logits_ = {};  // of the teacher, after look_at()
};

// From what is kept of a teacher: the most likely tokens at each place.
class TopTokensDivergence final : public DivergenceLoss {
 public:
  // `teacher`: for each group, whose one response is as long or shorter. Views.
  TopTokensDivergence(const DivergenceConfig& config, std::vector<std::span<const TopTokens>> teacher,
                      int64_t tokens)
      : DivergenceLoss(tokens), config_(config), teacher_(std::move(teacher)) {}

 private:
  [[nodiscard]] DivergenceTerm term(const PredictedToken& token, int64_t index, double weight,
                                    std::span<float> student) const override;

  DivergenceConfig config_;
  std::vector<std::span<const TopTokens>> teacher_;
};

}  // namespace deepscaler
