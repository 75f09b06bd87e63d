// Sentence embeddings (Reimers and Gurevych, 2019) by a BERT encoder (Devlin et al., 2018): the mean of the
// last layer's rows, [CLS] and [SEP] among them, with length 1. In f32. Made for
// sentence-transformers/all-MiniLM-L6-v2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "embed/wordpiece.h"
#include "ops/attention/full_attention.h"
#include "ops/panels.h"
#include "tensor/matrix.h"

namespace deepscaler {

class SentenceEncoder {
 public:
  // A folder with config.json, model.safetensors and vocab.txt. Throws Error naming file and tensor for
  // what is no such model.
  explicit SentenceEncoder(const std::filesystem::path& folder);

  // The files that a constructor reads, to be hashed. Throws Error for what is not there.
  [[nodiscard]] static std::vector<std::filesystem::path> files(const std::filesystem::path& folder);

  [[nodiscard]] int64_t width() const { return width_; }

  // [texts, width], rows of length 1. A text's first 256 tokens count. A row's bits depend on its text
  // alone. `progress` gets the number of texts done so far. Not reentrant from within parallel_for.
  [[nodiscard]] Matrix embed(std::span<const std::string> texts,
                             const std::function<void(int64_t done)>& progress) const;

 private:
  struct Linear {
    std::vector<float> panels, bias;
    int64_t out = 0, in = 0;
    [[nodiscard]] ConstPanelView weight() const { return {panels.data(), out, in}; }
  };
  struct Norm {
    std::vector<float> weight, bias;
  };
  struct Layer {
    Linear query, key, value, output, up, down;
    Norm attention_norm, output_norm;
  };
  struct Batch {
    std::vector<std::vector<int32_t>> ids;
    std::vector<SequenceRows> rows;
    int64_t tokens = 0;
  };
  class Reader;

  void read_config(const std::filesystem::path& path);
  [[nodiscard]] Matrix inputs(const Batch& batch) const;
  void forward(const Layer& layer, std::span<const SequenceRows> rows, Matrix& x) const;
  [[nodiscard]] Matrix last_layer(const Batch& batch) const;

  int64_t width_ = 0, heads_ = 0, feed_forward_ = 0, layer_count_ = 0, positions_ = 0, vocabulary_ = 0;
  float eps_ = 0;
  Wordpiece wordpiece_;
  std::vector<float> words_, places_, type_;  // [V, D], [positions, D], [D]
  Norm norm_;
  std::vector<Layer> layers_;
};

}  // namespace deepscaler
