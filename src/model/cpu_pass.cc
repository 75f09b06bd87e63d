#include "model/cpu_pass.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/integer.h"
#include "base/parallel.h"
#include "ops/kernel_target.h"

namespace deepscaler {

CpuPass::CpuPass(const Model& model, Recompute recompute)
    : model_(model),
      inference_(model.config(), Activations::Keep::kNothing),
      training_(model.config(),
                recompute == Recompute::kNone ? Activations::Keep::kAllLayers : Activations::Keep::kInputs) {}

void CpuPass::reserve(int64_t blocks, Contents contents) {
  if (cache_ && cache_->blocks() >= blocks) return;
  cache_.reset();  // before the new one is there
  cache_ = std::make_unique<KvCache>(model_.attention(), model_.config().layers, blocks, contents);
}

void CpuPass::clear(std::span<const int32_t> blocks) { cache_->clear(blocks); }

void CpuPass::forward(const ForwardBatch& batch, PassPurpose purpose) {
  batch_ = &batch;
  activations_ = purpose == PassPurpose::kTraining ? &training_ : &inference_;
  deepscaler::forward(model_, batch, *cache_, *activations_);
  if (purpose != PassPurpose::kTraining) return;
  if (gradients_.size() == 0) gradients_ = Buffer<float>(model_.table().trainable_size());
  d_hidden_.resize(batch.rows(), model_.config().hidden);
  std::fill_n(d_hidden_.data(), d_hidden_.size(), 0.0f);
}

void CpuPass::gather(std::span<const int64_t> rows) {
  DEEPSCALER_CHECK(std::ssize(rows) <= kHeadRows);
  rows_.assign(rows.begin(), rows.end());
  final_norm_rows(model_, activations_->hidden.view(), rows_, gathered_, normed_);
}

void CpuPass::head_backward(int weight, ConstMatrixView d_outputs) {
  model_.matrices().dw({{weight, d_outputs}}, normed_.view(), gradients_.data());
  d_normed_.resize(normed_.rows(), normed_.cols());
  model_.matrices().dx({{weight, d_outputs}}, d_normed_.view());
  final_norm_rows_backward(model_, gathered_.view(), rows_, d_normed_.view(), d_hidden_.view(),
                           gradients_.data());
}

MatrixView CpuPass::logits(std::span<const int64_t> rows) {
  gather(rows);
  logits_.resize(std::ssize(rows), model_.config().vocabulary);
  model_.matrices().forward(normed_.view(), {{model_.table().lm_head(), logits_.view()}});
  return logits_.view();
}

void CpuPass::logits_backward() { head_backward(model_.table().lm_head(), logits_.view()); }

void CpuPass::score(std::span<const int64_t> rows, std::span<const int32_t> targets, float temperature,
                    std::span<TokenScore> scores) {
  targets_.assign(targets.begin(), targets.end());
  temperature_ = temperature;
  scores_.resize(targets.size());
  score_tokens(logits(rows), targets_, temperature, scores_);
  std::ranges::copy(scores_, scores.begin());
}

void CpuPass::score_backward(std::span<const TokenDerivative> derivatives) {
  std::vector<float> d_log_prob, d_entropy;
  for (const TokenDerivative& d : derivatives) {
    d_log_prob.push_back(d.log_prob);
    d_entropy.push_back(d.entropy);
  }
  score_tokens_backward(logits_.view(), targets_, temperature_, scores_, d_log_prob, d_entropy);
  logits_backward();
}

void CpuPass::values(std::span<const int64_t> rows, std::span<float> values) {
  gather(rows);
  values_.resize(std::ssize(rows), 1);
  model_.matrices().forward(normed_.view(), {{model_.table().scalar_head(), values_.view()}});
  std::copy_n(values_.data(), values.size(), values.begin());
}

void CpuPass::values_backward(std::span<const float> derivatives) {
  std::ranges::copy(derivatives, values_.data());
  head_backward(model_.table().scalar_head(), values_.view());
}

void CpuPass::backward() {
  deepscaler::backward(model_, *batch_, *cache_, training_, d_hidden_.view(), gradients_.data());
}

bool CpuPass::is_finite_at(int64_t row) const {
  const std::span numbers(d_hidden_.view().row(row), static_cast<size_t>(d_hidden_.cols()));
  return std::ranges::all_of(numbers, [](float x) { return std::isfinite(x); });
}

void CpuPass::clear_gradients() {
  if (gradients_.size() == 0) {
    gradients_ = Buffer<float>(model_.table().trainable_size());
    return;
  }
  float* data = gradients_.data();
  constexpr int64_t kPiece = 1 << 20;
  parallel_for(ceil_div(gradients_.size(), kPiece), [&](int64_t i) {
    std::fill_n(data + i * kPiece, std::min(kPiece, gradients_.size() - i * kPiece), 0.0f);
  });
}

std::span<float> CpuPass::edit_gradients() {
  if (gradients_.size() == 0) gradients_ = Buffer<float>(model_.table().trainable_size());
  return gradients_.span();
}

void CpuPass::release() {
  cache_.reset();
  batch_ = nullptr;
  inference_ = Activations(model_.config(), inference_.keep());
  training_ = Activations(model_.config(), training_.keep());
  for (Matrix* matrix : {&d_hidden_, &gathered_, &normed_, &logits_, &values_, &d_normed_})
    *matrix = Matrix();
}

namespace {

class CpuDevice final : public Device {
 public:
  [[nodiscard]] std::string name() const override { return kernel_target(); }
  void use_kernels(std::string_view name) const override { force_kernel_target(name); }
  [[nodiscard]] std::unique_ptr<Pass> make_pass(const Model& model, Recompute recompute) const override {
    return std::make_unique<CpuPass>(model, recompute);
  }
};

}  // namespace

const Device& cpu_device() {
  static const CpuDevice device;
  return device;
}

}  // namespace deepscaler
