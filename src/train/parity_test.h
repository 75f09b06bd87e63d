// How tests compare with the parameters and gradients of PyTorch: read from a golden, ||a - b|| / ||b||; and
// the batch and the loss of those goldens.
#pragma once

#include <cmath>
#include <cstring>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "formats/safetensors.h"
#include "model/parameters.h"
#include "train/token_loss.h"

namespace deepscaler {

// The values of a tensor in F32.
inline std::vector<float> golden_floats(const SafetensorsFile& file, const std::string& name) {
  const StoredTensor* tensor = file.tensors().find(name);
  if (tensor == nullptr) throw std::runtime_error("no golden " + name);
  std::vector<float> values(tensor->bytes.size() / sizeof(float));
  std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
  return values;
}

inline double relative_error(std::span<const float> values, std::span<const float> expected) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(static_cast<double>(values[i]) - expected[i], 2);
    norm += std::pow(static_cast<double>(expected[i]), 2);
  }
  return std::sqrt(difference / norm);
}

// A parameter, or its gradient, in rows as PyTorch has them.
inline std::vector<float> rows_of(const ParameterInfo& info, const float* values) {
  Matrix rows(info.rows, info.cols);
  read_parameter(info, values, rows.view());
  return {rows.data(), rows.data() + rows.size()};
}

// The goldens of a folder (tests/goldens/make_model_goldens.py).
class Goldens {
 public:
  explicit Goldens(const std::filesystem::path& folder) : file_(folder / "goldens.safetensors") {}

  [[nodiscard]] std::vector<float> floats(const std::string& name) const {
    return golden_floats(file_, name);
  }
  [[nodiscard]] std::vector<int32_t> integers(const std::string& name) const {
    const auto values = floats(name);  // small enough to be exact
    return {values.begin(), values.end()};
  }

 private:
  SafetensorsFile file_;
};

// The goldens' batch: one prompt and its responses.
struct GoldenBatch {
  explicit GoldenBatch(const Goldens& goldens)
      : prompt(goldens.integers("prompt")), lengths(goldens.integers("response_lengths")) {
    const auto padded = goldens.integers("responses");
    stride = padded.size() / lengths.size();
    for (size_t i = 0; i < lengths.size(); ++i) {
      responses.emplace_back(padded.begin() + i * stride, padded.begin() + i * stride + lengths[i]);
    }
  }
  [[nodiscard]] TokenGroup shared() const {
    TokenGroup group{prompt, {}};
    for (const auto& response : responses) group.responses.emplace_back(response);
    return group;
  }
  [[nodiscard]] std::vector<TokenGroup> written_out() const {
    std::vector<TokenGroup> groups;
    for (const auto& response : responses) groups.push_back({prompt, {response}});
    return groups;
  }
  [[nodiscard]] float tokens() const {
    float sum = 0;
    for (int32_t length : lengths) sum += static_cast<float>(length);
    return sum;
  }

  std::vector<int32_t> prompt, lengths;
  std::vector<std::vector<int32_t>> responses;
  size_t stride;
};

// scale * sum of c log_prob + e entropy, with the goldens' coefficients.
class GoldenLoss : public TokenLoss {
 public:
  GoldenLoss(const Goldens& goldens, const GoldenBatch& batch, float scale)
      : c_(goldens.floats("coefficients.logprob")),
        e_(goldens.floats("coefficients.entropy")),
        stride_(batch.stride),
        scale_(scale) {}
  void evaluate(std::span<const PredictedToken> tokens, std::span<const TokenScore> scores,
                std::span<TokenDerivative> derivatives) override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      // Responses are numbered through, however they are grouped.
      const size_t at = static_cast<size_t>(tokens[i].group + tokens[i].response) * stride_ + tokens[i].token;
      derivatives[i] = {scale_ * c_[at], scale_ * e_[at]};
      value += scale_ * (c_[at] * scores[i].log_prob + e_[at] * scores[i].entropy);
    }
  }
  double value = 0;

 private:
  std::vector<float> c_, e_;
  size_t stride_;
  float scale_;
};

}  // namespace deepscaler
