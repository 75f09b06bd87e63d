#include "export/gguf_file.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/signals.h"
#include "export/gguf_keys.h"
#include "tensor/quantize.h"

namespace deepscaler {
namespace {

constexpr const char* kRopeDivisors = "rope_freqs.weight";
constexpr int64_t kPieceElements = 1 << 22;  // of a tensor in memory as floats: 16 MiB

bool has_blocks(DType dtype) { return block_elements(dtype) > 1; }

// As llama-quantize orders tensors: what is outside of the layers, then the layers, by name each.
std::pair<int64_t, std::string> place_of(const std::string& name) {
  constexpr std::string_view kLayers = "blk.";
  if (!name.starts_with(kLayers)) return {-1, name};
  return {std::stoll(name.substr(kLayers.size())), name};
}

MixedModel mixed_model(const ModelConfig& c, bool has_importance) {
  constexpr int64_t kLayersOf70B = 80;
  const bool shares = c.attention.heads != c.attention.kv_heads || c.architecture == Architecture::kQwen2;
  return {.layers = c.layers,
          .has_output = !c.tied_embeddings,
          .shares_values = c.layers == kLayersOf70B && shares,
          .has_importance = has_importance};
}

}  // namespace

int64_t PlannedTensor::elements() const {
  int64_t count = 1;
  for (const int64_t dimension : shape) count *= dimension;
  return count;
}

int64_t PlannedTensor::bytes() const { return *storage_bytes(dtype, elements()); }

GgufExport::GgufExport(const ModelFile& source, GgufOptions options)
    : source_(source), options_(std::move(options)) {
  const MixedModel model = mixed_model(source.config(), options_.importance.has_value());
  for (const ParameterInfo& info : source.table().all()) plan(info, model);
  plan_rope_divisors();
  std::ranges::sort(tensors_, {}, [](const PlannedTensor& tensor) { return place_of(tensor.name); });
}

void GgufExport::plan(const ParameterInfo& info, const MixedModel& model) {
  const StoredTensor& stored = source_.tensor(info);
  PlannedTensor tensor{.name = gguf_parameter_name(info.name),
                       .shape = stored.shape,
                       .stored = stored.dtype,
                       .dtype = source_.gguf() ? stored.dtype : DType::kF32,
                       .parameter = &info};
  const TensorShape shape{tensor.name, info.rows, info.cols};
  if (is_quantizable(shape)) {
    const Choice choice = choose(options_.mix, model, shape);
    tensor.dtype = choice.dtype;
    tensor.instead_of = choice.instead_of;
    tensor.weighted = options_.importance && uses_importance(tensor.dtype) &&
                      !options_.importance->columns(tensor.name, info.cols).empty();
  }
  if (has_blocks(stored.dtype) && has_blocks(tensor.dtype) && stored.dtype != tensor.dtype &&
      !options_.allow_requantize) {
    throw Error(source_.where(),
                fmt::format("tensor '{}' is in {} already, and in {} it would lose once more", stored.name,
                            dtype_name(stored.dtype), dtype_name(tensor.dtype)),
                "start from a file that is not quantized, or give --allow-requantize");
  }
  tensors_.push_back(std::move(tensor));
}

void GgufExport::plan_rope_divisors() {
  const int64_t count =
      source_.gguf()
          ? (source_.gguf()->tensors().contains(kRopeDivisors) ? source_.config().attention.head_dim / 2 : 0)
          : std::ssize(rope_divisors(source_.config()));
  if (count == 0) return;
  tensors_.push_back({.name = kRopeDivisors,
                      .shape = {count},
                      .stored = DType::kF32,
                      .dtype = DType::kF32,
                      .parameter = nullptr});
}

bool GgufExport::rule_counts(size_t rule) const {
  return std::ranges::any_of(tensors_, [&](const PlannedTensor& tensor) {
    const ParameterInfo* info = tensor.parameter;
    return info != nullptr && is_quantizable({tensor.name, info->rows, info->cols}) &&
           rule_for(options_.mix, tensor.name) == &options_.mix.rules[rule];
  });
}

int64_t GgufExport::without_importance() const {
  if (!options_.importance) return 0;
  return std::ranges::count_if(tensors_, [](const PlannedTensor& tensor) {
    return has_blocks(tensor.dtype) && uses_importance(tensor.dtype) && !tensor.weighted;
  });
}

GgufKeys GgufExport::keys() const {
  GgufKeys keys;
  if (const GgufFile* file = source_.gguf()) {
    for (const auto key : file->keys()) {
      // This file has its own alignment and is whole.
      if (key == "general.alignment" || key.starts_with("split.")) continue;
      keys.copy(key, *file->find(key));
    }
  } else {
    keys = gguf_keys_of_folder(source_.where(), source_.config());
  }
  constexpr uint32_t kQuantizationVersion = 2;  // of ggml's blocks
  keys.set_u32("general.quantization_version", kQuantizationVersion);
  keys.set_u32("general.file_type", options_.mix.type->number);
  if (const auto& importance = options_.importance) {
    keys.set_string("quantize.imatrix.file", importance->file);
    if (!importance->datasets.empty()) {
      keys.set_string("quantize.imatrix.dataset", importance->datasets.front());
    }
    keys.set_u32("quantize.imatrix.entries_count", static_cast<uint32_t>(importance->inputs.size()));
    keys.set_u32("quantize.imatrix.chunks_count", static_cast<uint32_t>(importance->chunks));
  }
  return keys;
}

void GgufExport::write(const std::filesystem::path& path,
                       const std::function<void(int64_t)>& progress) const {
  std::vector<TensorDeclaration> declarations;
  for (const PlannedTensor& tensor : tensors_) {
    declarations.push_back({tensor.name, tensor.dtype, tensor.shape});
  }
  GgufWriter writer(path, keys(), declarations);
  int64_t done = 0;
  for (const PlannedTensor& tensor : tensors_) {
    write_tensor(tensor, done, progress, writer);
    done += tensor.elements();
  }
  writer.commit();
}

void GgufExport::write_tensor(const PlannedTensor& tensor, int64_t done,
                              const std::function<void(int64_t)>& progress, GgufWriter& writer) const {
  if (tensor.parameter == nullptr) {
    if (source_.gguf()) return writer.write(source_.gguf()->tensors().find(kRopeDivisors)->bytes);
    const std::vector<float> divisors = rope_divisors(source_.config());
    return writer.write(std::as_bytes(std::span(divisors)));
  }
  const ParameterInfo& info = *tensor.parameter;
  // Blocks that stay what they are must not be made anew from their floats.
  const bool as_stored = source_.gguf() && tensor.dtype == tensor.stored;
  const auto row_bytes = static_cast<size_t>(*storage_bytes(tensor.dtype, info.cols));
  const int64_t piece = std::max<int64_t>(1, kPieceElements / info.cols);
  const std::vector<float> importance =
      tensor.weighted ? options_.importance->columns(tensor.name, info.cols) : std::vector<float>();
  Matrix rows;
  std::vector<std::byte> bytes;
  for (int64_t first = 0; first < info.rows; first += piece) {
    throw_if_stop_requested();
    rows.resize(std::min(piece, info.rows - first), info.cols);
    source_.read_rows(info, RowOrder::kGguf, first, rows.view());
    const auto size = static_cast<size_t>(rows.rows()) * row_bytes;
    if (as_stored) {
      writer.write(source_.tensor(info).bytes.subspan(static_cast<size_t>(first) * row_bytes, size));
    } else {
      bytes.resize(size);
      if (const auto row = quantize(tensor.dtype, rows.view(), importance, bytes)) {
        throw Error(source_.where(),
                    fmt::format("tensor '{}' has numbers too large for {} in row {}",
                                source_.tensor(info).name, dtype_name(tensor.dtype), first + *row),
                    "use BF16 or F32");
      }
      writer.write(bytes);
    }
    progress(done + (first + rows.rows()) * info.cols);
  }
}

}  // namespace deepscaler
