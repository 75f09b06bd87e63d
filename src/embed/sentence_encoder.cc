#include "embed/sentence_encoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "formats/safetensors.h"
#include "ops/matmul/matmul.h"
#include "ops/rows/encoder_rows.h"
#include "ops/rows/pointwise.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAnother = "name the folder of a model like sentence-transformers/all-MiniLM-L6-v2";
constexpr int64_t kLongest = 256;  // as sentence-transformers cuts texts for this model

int64_t positive(const nlohmann::json& config, const char* key, const std::string& where) {
  constexpr int64_t kMost = 1 << 20;
  const auto found = config.find(key);
  const bool fits = found != config.end() && found->is_number_integer() && *found > 0 && *found <= kMost;
  if (!fits) throw Error(where, fmt::format("has no \"{}\" above 0", key), kAnother);
  return found->get<int64_t>();
}

}  // namespace

// Tensors of the file by name, with their shapes checked.
class SentenceEncoder::Reader {
 public:
  explicit Reader(const fs::path& path) : where_(path.string()), file_(path) {}

  [[nodiscard]] std::vector<float> numbers(const std::string& name, const std::vector<int64_t>& shape) const {
    const StoredTensor* tensor = file_.tensors().find(name);
    if (tensor == nullptr) throw Error(where_, fmt::format("has no tensor {}", name), kAnother);
    const bool is_f32 = tensor->other_type.empty() && tensor->dtype == DType::kF32;
    if (!is_f32 || tensor->shape != shape)
      throw Error(where_, fmt::format("tensor {} has another type or shape than F32 [{}]", name, text(shape)),
                  kAnother);
    std::vector<float> numbers(tensor->bytes.size() / sizeof(float));
    std::memcpy(numbers.data(), tensor->bytes.data(), tensor->bytes.size());
    return numbers;
  }
  [[nodiscard]] Linear linear(const std::string& name, int64_t out, int64_t in) const {
    const std::vector<float> rows = numbers(name + ".weight", {out, in});
    Linear linear{.panels = std::vector<float>(static_cast<size_t>(panel_size(out, in))),
                  .bias = numbers(name + ".bias", {out}),
                  .out = out,
                  .in = in};
    pack_panels({rows.data(), out, in}, {linear.panels.data(), out, in});
    return linear;
  }
  [[nodiscard]] Norm norm(const std::string& name, int64_t width) const {
    return {numbers(name + ".weight", {width}), numbers(name + ".bias", {width})};
  }

 private:
  static std::string text(const std::vector<int64_t>& shape) {
    std::string text;
    for (const int64_t size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
    return text;
  }

  std::string where_;
  SafetensorsFile file_;
};

std::vector<fs::path> SentenceEncoder::files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const char* name : {"config.json", "model.safetensors", "vocab.txt"}) {
    files.push_back(folder / name);
    std::error_code ignored;
    if (!fs::is_regular_file(files.back(), ignored))
      throw Error(files.back().string(), "is not there", kAnother);
  }
  return files;
}

SentenceEncoder::SentenceEncoder(const fs::path& folder) : wordpiece_(files(folder)[2]) {
  read_config(folder / "config.json");
  if (wordpiece_.size() != vocabulary_)
    throw Error((folder / "vocab.txt").string(),
                fmt::format("has {} pieces, where config.json says {}", wordpiece_.size(), vocabulary_),
                kAnother);
  const Reader reader(folder / "model.safetensors");
  words_ = reader.numbers("embeddings.word_embeddings.weight", {vocabulary_, width_});
  places_ = reader.numbers("embeddings.position_embeddings.weight", {positions_, width_});
  type_ = reader.numbers("embeddings.token_type_embeddings.weight", {2, width_});
  type_.resize(static_cast<size_t>(width_));  // all tokens are of type 0
  norm_ = reader.norm("embeddings.LayerNorm", width_);
  for (int64_t i = 0; i < layer_count_; ++i) {
    const std::string name = fmt::format("encoder.layer.{}.", i);
    layers_.push_back({.query = reader.linear(name + "attention.self.query", width_, width_),
                       .key = reader.linear(name + "attention.self.key", width_, width_),
                       .value = reader.linear(name + "attention.self.value", width_, width_),
                       .output = reader.linear(name + "attention.output.dense", width_, width_),
                       .up = reader.linear(name + "intermediate.dense", feed_forward_, width_),
                       .down = reader.linear(name + "output.dense", width_, feed_forward_),
                       .attention_norm = reader.norm(name + "attention.output.LayerNorm", width_),
                       .output_norm = reader.norm(name + "output.LayerNorm", width_)});
  }
}

void SentenceEncoder::read_config(const fs::path& path) {
  const std::string where = path.string();
  const auto config = nlohmann::json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  if (!config.is_object()) throw Error(where, "is no JSON object", kAnother);
  const auto is = [&](const char* key, const char* value) {
    const auto found = config.find(key);
    return found == config.end() || *found == value;
  };
  if (!config.contains("model_type") || !is("model_type", "bert") || !is("hidden_act", "gelu") ||
      !is("position_embedding_type", "absolute")) {
    throw Error(where, "is of no BERT model with GELU and absolute positions", kAnother);
  }
  width_ = positive(config, "hidden_size", where);
  heads_ = positive(config, "num_attention_heads", where);
  feed_forward_ = positive(config, "intermediate_size", where);
  layer_count_ = positive(config, "num_hidden_layers", where);
  positions_ = positive(config, "max_position_embeddings", where);
  vocabulary_ = positive(config, "vocab_size", where);
  if (width_ % heads_ != 0 || width_ / heads_ % kPanelWidth != 0)
    throw Error(where, "has heads whose width is no multiple of 16", kAnother);
  const auto eps = config.find("layer_norm_eps");
  constexpr float kUsualEps = 1e-12f;
  eps_ = eps != config.end() && eps->is_number() ? eps->get<float>() : kUsualEps;
}

Matrix SentenceEncoder::inputs(const Batch& batch) const {
  Matrix x(batch.tokens, width_);
  int64_t row = 0;
  for (const auto& ids : batch.ids) {
    for (size_t place = 0; place < ids.size(); ++place, ++row) {
      const float* word = words_.data() + ids[place] * width_;
      const float* position = places_.data() + static_cast<int64_t>(place) * width_;
      for (int64_t i = 0; i < width_; ++i)
        x.row(row)[i] = word[i] + type_[static_cast<size_t>(i)] + position[i];
    }
  }
  layer_norm(x.view(), norm_.weight, norm_.bias, eps_, x.view());
  return x;
}

void SentenceEncoder::forward(const Layer& layer, std::span<const SequenceRows> rows, Matrix& x) const {
  const int64_t tokens = x.rows();
  Matrix q(tokens, width_), k(tokens, width_), v(tokens, width_), context(tokens, width_);
  broadcast_rows(layer.query.bias, q.view());
  broadcast_rows(layer.key.bias, k.view());
  broadcast_rows(layer.value.bias, v.view());
  matmul(x.view(),
         {{layer.query.weight(), q.view()}, {layer.key.weight(), k.view()}, {layer.value.weight(), v.view()}},
         Accumulate::kYes);
  full_attention(heads_, rows, q.view(), k.view(), v.view(), context.view());

  // x = norm(x + linear(input)).
  const auto add_and_normalize = [&](const Linear& linear, const Matrix& input, const Norm& norm) {
    for (int64_t t = 0; t < tokens; ++t) {
      for (int64_t i = 0; i < width_; ++i) x.row(t)[i] += linear.bias[static_cast<size_t>(i)];
    }
    matmul(input.view(), {{linear.weight(), x.view()}}, Accumulate::kYes);
    layer_norm(x.view(), norm.weight, norm.bias, eps_, x.view());
  };
  add_and_normalize(layer.output, context, layer.attention_norm);
  Matrix hidden(tokens, feed_forward_);
  broadcast_rows(layer.up.bias, hidden.view());
  matmul(x.view(), {{layer.up.weight(), hidden.view()}}, Accumulate::kYes);
  activate(Activation::kGelu, hidden.view(), hidden.view());
  add_and_normalize(layer.down, hidden, layer.output_norm);
}

Matrix SentenceEncoder::last_layer(const Batch& batch) const {
  Matrix x = inputs(batch);
  for (const Layer& layer : layers_) forward(layer, batch.rows, x);
  return x;
}

Matrix SentenceEncoder::embed(std::span<const std::string> texts,
                              const std::function<void(int64_t done)>& progress) const {
  // Enough rows that the products run at full speed, and few enough to stay in the cache.
  constexpr int64_t kBatchTokens = 1024;
  const auto longest = static_cast<size_t>(std::min(kLongest, positions_));
  Matrix embeddings(std::ssize(texts), width_);
  Batch batch;
  int64_t done = 0;
  const auto finish = [&] {
    const Matrix last = last_layer(batch);
    for (const SequenceRows& rows : batch.rows) {
      std::vector<double> mean(static_cast<size_t>(width_));
      for (int64_t t = rows.first; t < rows.first + rows.count; ++t) {
        for (int64_t i = 0; i < width_; ++i)
          mean[static_cast<size_t>(i)] +=
              static_cast<double>(last.row(t)[i]) / static_cast<double>(rows.count);
      }
      constexpr double kLeastLength = 1e-12;
      const double length =
          std::max(std::sqrt(std::inner_product(mean.begin(), mean.end(), mean.begin(), 0.0)), kLeastLength);
      for (int64_t i = 0; i < width_; ++i)
        embeddings.row(done)[i] = static_cast<float>(mean[static_cast<size_t>(i)] / length);
      ++done;
    }
    batch = {};
    progress(done);
  };
  for (const std::string& text : texts) {
    batch.ids.push_back(wordpiece_.encode(text, longest));
    batch.rows.push_back({batch.tokens, std::ssize(batch.ids.back())});
    batch.tokens += std::ssize(batch.ids.back());
    if (batch.tokens >= kBatchTokens) finish();
  }
  if (batch.tokens > 0) finish();
  return embeddings;
}

}  // namespace deepscaler
