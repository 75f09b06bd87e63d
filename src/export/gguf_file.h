// A model as a GGUF file, which llama.cpp, Ollama and LM Studio read: quantized or not, from a Hugging Face
// folder or another GGUF file, tensor by tensor, so that memory holds a piece of one.
//
// Tensors stand in the order of llama-quantize, and their bytes are those that it writes. From a folder come
// the keys of llama.cpp's converter, tokenizer, chat template and sampling settings; from a GGUF file all
// that it has.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "export/importance.h"
#include "export/quantization_mix.h"
#include "formats/gguf_writer.h"
#include "model/model_file.h"

namespace deepscaler {

struct GgufOptions {
  Mix mix;
  std::optional<ImportanceMatrix> importance;
  bool allow_requantize = false;  // formats of blocks to others
};

struct PlannedTensor {
  std::string name;  // in GGUF files
  std::vector<int64_t> shape;
  DType stored;                     // in the source
  DType dtype;                      // in the file
  std::optional<DType> instead_of;  // the mix's choice, where its blocks do not divide a row
  const ParameterInfo* parameter;   // null for the divisors of rotary frequencies
  bool weighted = false;            // with columns of the importance matrix

  [[nodiscard]] int64_t elements() const;
  [[nodiscard]] int64_t bytes() const;
};

class GgufExport {
 public:
  // `source` must outlive this object. Throws Error for a model that a GGUF file can't hold and for formats
  // that lose more than was asked for.
  GgufExport(const ModelFile& source, GgufOptions options);

  [[nodiscard]] const std::vector<PlannedTensor>& tensors() const { return tensors_; }
  // Whether a rule of the mix, by its number, decides any tensor's format.
  [[nodiscard]] bool rule_counts(size_t rule) const;
  // Quantizable matrices that the importance matrix does not have.
  [[nodiscard]] int64_t without_importance() const;

  // Throws Error, also for numbers that a format can't hold; then there is no file. `progress` is called with
  // the elements done so far.
  void write(const std::filesystem::path& path, const std::function<void(int64_t)>& progress) const;

 private:
  void plan(const ParameterInfo& info, const MixedModel& model);
  void plan_rope_divisors();
  [[nodiscard]] GgufKeys keys() const;
  void write_tensor(const PlannedTensor& tensor, int64_t done, const std::function<void(int64_t)>& progress,
                    GgufWriter& writer) const;

  const ModelFile& source_;
  GgufOptions options_;
  std::vector<PlannedTensor> tensors_;
};

}  // namespace deepscaler
