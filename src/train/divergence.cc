#include "train/divergence.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/config.h"
#include "base/error.h"
#include "base/parallel.h"

namespace deepscaler {
namespace {

constexpr ConfigName<DivergenceKind> kKindNames[] = {{"forward", DivergenceKind::kForward},
                                                     {"reverse", DivergenceKind::kReverse},
                                                     {"jsd", DivergenceKind::kJsd}};

// log softmax(logits / temperature).
class LogProbs {
 public:
  LogProbs(std::span<const float> logits, double temperature) : logits_(logits), temperature_(temperature) {
    maximum_ = *std::ranges::max_element(logits);
    double sum = 0;
    for (const float x : logits) sum += std::exp((static_cast<double>(x) - maximum_) / temperature);
    log_sum_ = std::log(sum);
  }
  [[nodiscard]] double operator[](size_t v) const {
    return (static_cast<double>(logits_[v]) - maximum_) / temperature_ - log_sum_;
  }

 private:
  std::span<const float> logits_;
  double temperature_;
  double maximum_ = 0, log_sum_ = 0;
};

double log_sum_of_exp(double a, double b) {
  const double larger = std::max(a, b);
  return larger + std::log1p(std::exp(std::min(a, b) - larger));
}

// What one token of the vocabulary adds to the divergence; and s times the divergence's derivative with
// respect to s, its probability under the student.
struct Part {
  double divergence, derivative_times_s;
};

Part part_of(const DivergenceConfig& config, double log_s, double log_t) {
  const double s = std::exp(log_s), t = std::exp(log_t);
  switch (config.kind) {
    case DivergenceKind::kForward:
      return {t * (log_t - log_s), -t};
    case DivergenceKind::kReverse:
      return {s * (log_s - log_t), s * (log_s - log_t)};
    case DivergenceKind::kJsd:
      break;
  }
  const double b = config.jsd_beta;
  const double log_m = log_sum_of_exp(std::log(b) + log_t, std::log1p(-b) + log_s);
  return {b * t * (log_t - log_m) + (1 - b) * s * (log_s - log_m), (1 - b) * s * (log_s - log_m)};
}

}  // namespace

void bind(ConfigSection& s, DivergenceConfig& c) {
  s.choice("divergence", c.kind,
           "\"forward\" is KL(teacher || policy), \"reverse\" KL(policy || teacher), \"jsd\" a mean of both",
           kKindNames);
  s.field("jsd_beta", c.jsd_beta, "the teacher's share of the mixture that jsd compares both with")
      .range(0, 1);
  s.require(c.jsd_beta > 0 && c.jsd_beta < 1, "jsd_beta", "is 0 or 1, where jsd is always 0",
            "set divergence = \"forward\" or \"reverse\" in its place");
  s.field("divergence_temperature", c.temperature, "divides the logits of both models").above(0);
}

DivergenceTerm divergence_term(const DivergenceConfig& config, int64_t common, double weight,
                               std::span<float> student, std::span<const float> teacher) {
  const auto count = static_cast<size_t>(common);
  const LogProbs log_s(student.first(count), config.temperature),
      log_t(teacher.first(count), config.temperature);
  DivergenceTerm term;
  double sum = 0;
  std::vector<double> probabilities(count), parts(count);
  for (size_t v = 0; v < count; ++v) {
    const Part part = part_of(config, log_s[v], log_t[v]);
    probabilities[v] = std::exp(log_s[v]);
    parts[v] = part.derivative_times_s;
    term.divergence += part.divergence;
    term.entropy -= probabilities[v] * log_s[v];
    sum += parts[v];
  }
  // The softmax's Jacobian: s (d - sum of s d).
  const double scale = weight / config.temperature;
  for (size_t v = 0; v < count; ++v) {
    student[v] = static_cast<float>(scale * (parts[v] - probabilities[v] * sum));
  }
  std::ranges::fill(student.subspan(count), 0.0f);
  return term;
}

namespace {

// What the truncated sum of p (log p - log q) comes to, and its gradient: mass q - p.
double truncated_forward(const TopTokens& teacher, const LogProbs& log_s, double scale,
                         std::span<float> student) {
  double mass = 0, divergence = 0;
  for (const float log_p : teacher.log_probs) mass += std::exp(static_cast<double>(log_p));
  std::vector<double> listed(teacher.tokens.size());
  for (size_t i = 0; i < listed.size(); ++i) {
    const double log_p = teacher.log_probs[i], p = std::exp(log_p);
    const double log_q = log_s[static_cast<size_t>(teacher.tokens[i])];
    divergence += p * (log_p - log_q);
    listed[i] = scale * (mass * std::exp(log_q) - p);
  }
  for (size_t v = 0; v < student.size(); ++v) {
    student[v] = static_cast<float>(scale * mass * std::exp(log_s[v]));
  }
  for (size_t i = 0; i < listed.size(); ++i) {
    student[static_cast<size_t>(teacher.tokens[i])] = static_cast<float>(listed[i]);
  }
  return divergence;
}

}  // namespace

DivergenceTerm divergence_term(const DivergenceConfig& config, const TopTokens& teacher, double weight,
                               std::span<float> student) {
  const std::vector<float> logits(student.begin(), student.end());
  const LogProbs log_s(logits, config.temperature);
  DivergenceTerm term;
  for (size_t v = 0; v < logits.size(); ++v) term.entropy -= std::exp(log_s[v]) * log_s[v];
  if (config.kind == DivergenceKind::kForward) {
    term.divergence = truncated_forward(teacher, log_s, weight / config.temperature, student);
    return term;
  }
  // Log-probabilities at a temperature are logits over it, but for a constant.
  std::vector<float> listed, teachers;
  for (size_t i = 0; i < teacher.tokens.size(); ++i) {
    listed.push_back(logits[static_cast<size_t>(teacher.tokens[i])]);
    teachers.push_back(static_cast<float>(config.temperature * teacher.log_probs[i]));
  }
  term.divergence = divergence_term(config, std::ssize(listed), weight, listed, teachers).divergence;
  std::ranges::fill(student, 0.0f);
  for (size_t i = 0; i < listed.size(); ++i) student[static_cast<size_t>(teacher.tokens[i])] = listed[i];
  return term;
}

void DivergenceLoss::evaluate(std::span<const PredictedToken> tokens, MatrixView logits) {
  look_at(tokens);
  std::vector<DivergenceTerm> terms(tokens.size());
  const double weight = 1 / static_cast<double>(tokens_);
  parallel_for(std::ssize(tokens), [&](int64_t i) {
    const auto at = static_cast<size_t>(i);
    terms[at] = term(tokens[at], i, weight, {logits.row(i), static_cast<size_t>(logits.cols)});
  });
  for (const DivergenceTerm& term : terms) sums_.add(term);
}

TeacherDivergence::TeacherDivergence(const DivergenceConfig& config, const Model& teacher, int64_t common,
                                     int64_t tokens, const Device& device)
    : DivergenceLoss(tokens), config_(config), teacher_(device.make_pass(teacher)), common_(common) {}

void TeacherDivergence::begin(const MicroBatch& batch) {
  teacher_->reserve(batch.blocks, Contents::kZero);
  teacher_->forward(batch.forward, PassPurpose::kInference);
}

void TeacherDivergence::look_at(std::span<const PredictedToken> tokens) {
  logits_ = teacher_->logits(token_rows(tokens));
}

DivergenceTerm TeacherDivergence::term(const PredictedToken&, int64_t index, double weight,
                                       std::span<float> student) const {
  DEEPSCALER_CHECK(common_ <= std::min(std::ssize(student), logits_.cols),
                   "more common tokens than a model has");
  return divergence_term(config_, common_, weight, student,
                         {logits_.row(index), static_cast<size_t>(logits_.cols)});
}

DivergenceTerm TopTokensDivergence::term(const PredictedToken& token, int64_t, double weight,
                                         std::span<float> student) const {
  const auto& response = teacher_[static_cast<size_t>(token.group)];
  return divergence_term(config_, response[static_cast<size_t>(token.token)], weight, student);
}

}  // namespace deepscaler
