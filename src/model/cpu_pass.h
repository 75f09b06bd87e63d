// Passes on the machine's processors: model/forward and model/backward over one key/value cache.
#pragma once

#include <memory>
#include <vector>

#include "model/backward.h"
#include "model/device.h"
#include "model/forward.h"

namespace deepscaler {

class CpuPass final : public Pass {
 public:
  CpuPass(const Model& model, Recompute recompute);

  void reserve(int64_t blocks, Contents contents) override;
  void clear(std::span<const int32_t> blocks) override;
  void forward(const ForwardBatch& batch, PassPurpose purpose) override;
  void score(std::span<const int64_t> rows, std::span<const int32_t> targets, float temperature,
             std::span<TokenScore> scores) override;
  void score_backward(std::span<const TokenDerivative> derivatives) override;
  [[nodiscard]] MatrixView logits(std::span<const int64_t> rows) override;
  void logits_backward() override;
  void values(std::span<const int64_t> rows, std::span<float> values) override;
  void values_backward(std::span<const float> derivatives) override;
  void backward() override;
  [[nodiscard]] bool is_finite_at(int64_t row) const override;
  [[nodiscard]] std::span<const float> gradients() const override { return gradients_.span(); }
  void clear_gradients() override;
  [[nodiscard]] std::span<float> edit_gradients() override;
  void release() override;

 private:
  // The final norm of some rows, which heads read: gathered_ and normed_.
  void gather(std::span<const int64_t> rows);
  // From the gradient of a head's outputs to that of the hidden states, and of its weight.
  void head_backward(int weight, ConstMatrixView d_outputs);

  const Model& model_;
  Activations inference_, training_;
  std::unique_ptr<KvCache> cache_;
  Buffer<float> gradients_;
  // Of the last forward():
  const ForwardBatch* batch_ = nullptr;
  Activations* activations_ = nullptr;
  Matrix d_hidden_;  // [T, D]
  // Of the last head function:
  std::vector<int64_t> rows_;
  std::vector<int32_t> targets_;
  std::vector<TokenScore> scores_;
  float temperature_ = 1;
  Matrix gathered_, normed_, logits_, values_, d_normed_;
};

// The machine's processors as a device.
[[nodiscard]] const Device& cpu_device();

}  // namespace deepscaler
