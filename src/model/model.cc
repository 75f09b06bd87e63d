#include "model/model.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "formats/safetensors.h"
#include "model/adapter_file.h"
#include "model/kv_cache.h"
#include "model/model_file.h"
#include "ops/attention/attention_q8.h"

namespace deepscaler {
namespace {

// What the config does not say is computed, or not as it says.
void warn_of_differences(const ModelFile& file, const std::filesystem::path& path) {
  const ModelConfig& config = file.config();
  if (!file.gguf() && !config.tied_embeddings && read_hf_config(path).tied_embeddings) {
    log_warning(
        "{}: tie_word_embeddings is true, and lm_head.weight is another matrix than the embedding; it is "
        "used",
        file.where());
  }
  if (!config.unknown_keys.empty()) {
    log_warning("{}: keys that are read by nothing: {}", file.where(), fmt::join(config.unknown_keys, ", "));
  }
}

}  // namespace

Model::Model(ModelConfig config) : Model(std::move(config), nullptr) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Model::Model(ModelConfig config, std::unique_ptr<const ModelFile> file)
    : config_(std::move(config)),
      file_(std::move(file)),
      table_(std::make_unique<const ParameterTable>(
          config_, ParameterTable::Trains(),
          [&](const ParameterInfo& info) { return file_ && file_->is_in_blocks(info); })),
      rope_(std::make_shared<const RopeTable>(config_.rope_frequencies(), config_.context,
                                              rope_magnitude(config_.rope_scaling))),
      weights_(table_->size()),
      form_(make_form()) {}

Model::Model(std::shared_ptr<Model> base, const LoraConfig& config)
    : config_(base->config_),
      table_(std::make_unique<const ParameterTable>(adapted_table(base->table(), config))),
      rope_(base->rope_),
      base_(std::move(base)),
      lora_(config),
      weights_(table_->size()),
      q8_keys_values_(base_->q8_keys_values_),
      form_(make_form()) {}

Model Model::adapt(Model base, const LoraConfig& config, uint64_t seed) {
  DEEPSCALER_CHECK(config.rank > 0 && !base.base_);
  Model model(std::make_shared<Model>(std::move(base)), config);
  begin_adapter(model.table(), config, seed, model.weights_.data());
  return model;
}

Model Model::copy_over_same_base() const {
  DEEPSCALER_CHECK(base_ != nullptr);
  Model copy(base_, lora_);
  copy.config_ = config_;
  copy.base_hash_ = base_hash_;
  std::ranges::copy(weights_.span(), copy.weights_.data());
  return copy;
}

std::unique_ptr<WeightForm> Model::make_form() const {
  if (base_) return make_lora_form(*base_, *table_, weights_.data(), lora_);
  return make_weight_form(compute_type_, products_, *table_, weights_.data(), file_.get());
}

Model Model::load(const std::filesystem::path& path, QuantizedAs quantized) {
  if (is_adapter(path)) return load_adapted(path, quantized);
  auto opened = std::make_unique<const ModelFile>(path);
  const ModelFile& file = *opened;
  warn_of_differences(file, path);
  const bool keeps = quantized == QuantizedAs::kBlocks &&
                     std::ranges::any_of(file.table().all(),
                                         [&](const ParameterInfo& info) { return file.is_in_blocks(info); });
  Model model(file.config(), keeps ? std::move(opened) : nullptr);
  model.path_ = path;
  for (const ParameterInfo& info : model.table().all()) {
    if (info.in_blocks) {
      file.check_blocks(info);
      file.forget(info);
      continue;
    }
    Matrix rows(info.rows, info.cols);
    file.read_rows(info, RowOrder::kHuggingFace, 0, rows.view());
    write_parameter(info, rows.view(), model.edit_weights().data());
  }
  return model;
}

void Model::compute_in(ComputeType type, Products products) {
  if (base_) {
    DEEPSCALER_CHECK(base_.use_count() == 1);
    return base_->compute_in(type, products);
  }
  const auto before = std::pair(compute_type_, products_);
  form_.reset();  // before the new one takes memory
  try {
    std::tie(compute_type_, products_) = std::pair(type, products);
    form_ = make_form();
  } catch (...) {
    std::tie(compute_type_, products_) = before;
    form_ = make_form();
    throw;
  }
}

void Model::store_keys_values_in_q8() {
  if (config_.attention.head_dim % kQ8Run != 0) {
    throw Error("--kv",
                fmt::format("q8_0 takes heads in runs of {} numbers, and a head has {}", kQ8Run,
                            config_.attention.head_dim),
                "leave the option out");
  }
  q8_keys_values_ = true;
}

void Model::read(int index, MatrixView rows) const {
  const ParameterInfo& info = (*table_)[index];
  if (info.in_array()) return read_parameter(info, weights_.data(), rows);
  parallel_for(rows.rows, [&](int64_t r) {
    form_->read_row(index, r, {rows.row(r), static_cast<size_t>(rows.cols)});
  });
}

void Model::train_only(const ParameterTable::Trains& trains) {
  DEEPSCALER_CHECK(!base_);
  const auto in_blocks = [&](const ParameterInfo& info) {
    return std::ranges::find(table_->all(), info.name, &ParameterInfo::name)->in_blocks;
  };
  auto table = std::make_unique<const ParameterTable>(config_, trains, in_blocks);
  Buffer<float> weights(table->size());
  for (size_t i = 0; i < table->all().size(); ++i) {
    const ParameterInfo& from = table_->all()[i];
    std::copy_n(weights_.data() + from.offset, from.size, weights.data() + table->all()[i].offset);
  }
  form_.reset();
  table_ = std::move(table);
  weights_ = std::move(weights);
  form_ = make_form();
}

int64_t kv_block_bytes(const Model& model) {
  return KvCache::block_bytes(model.attention(), model.config().layers);
}

std::string Model::hash() const {
  if (base_) {
    if (base_hash_.empty()) base_hash_ = base_->hash();
    return fmt::format("{:016x}",
                       hash_parameters(table_->trainable(), weights_.data(), hash_name(base_hash_)));
  }
  const auto read_row = [&](const ParameterInfo& info, int64_t row, std::span<float> out) {
    form_->read_row(static_cast<int>(&info - table_->all().data()), row, out);
    if (row + 1 == info.rows) file_->forget(info);
  };
  return fmt::format("{:016x}",
                     hash_parameters(table_->all(), weights_.data(),
                                     hash_name(architecture_name(config_.architecture)), read_row));
}

void randomize(Model& model, uint64_t seed, float std) {
  const WeightEdit weights = model.edit_weights();
  for (const ParameterInfo& info : model.table().all()) {
    Matrix rows(info.rows, info.cols);
    const Rng rng(seed, {hash_name(info.name)});
    const bool norm = info.name.find("norm") != std::string::npos;
    parallel_for(info.rows, [&](int64_t r) {
      for (int64_t i = 0; i < info.cols; ++i) rows.row(r)[i] = norm ? 1 : std * rng.normal(r * info.cols + i);
    });
    write_parameter(info, rows.view(), weights.data());
  }
}

void copy_parameters(const Model& from, Model& to) {
  const WeightEdit weights = to.edit_weights();
  for (const ParameterInfo& target : to.table().all()) {
    const auto& all = from.table().all();
    const auto source = std::ranges::find(all, target.name, &ParameterInfo::name);
    if (source == all.end() || source->rows != target.rows || source->cols != target.cols) continue;
    if (!target.in_array()) continue;
    if (source->layout == target.layout && source->in_array()) {
      std::copy_n(from.weights() + source->offset, source->size, weights.data() + target.offset);
    } else {
      Matrix rows(source->rows, source->cols);
      from.read(static_cast<int>(source - all.begin()), rows.view());
      write_parameter(target, rows.view(), weights.data());
    }
  }
}

namespace {

std::vector<uint16_t> rounded(std::span<const float> values, DType dtype, const std::string& name) {
  std::vector<uint16_t> halves;
  halves.reserve(values.size());
  for (float value : values) {
    if (dtype == DType::kF16 && std::isinf(f16_to_f32(f32_to_f16(value)))) {
      throw Error(name, fmt::format("has a weight of {}, too large for F16", value), "use BF16 or F32");
    }
    halves.push_back(dtype == DType::kF16 ? f32_to_f16(value) : f32_to_bf16(value));
  }
  return halves;
}

}  // namespace

void save_hf_model(const Model& model, const std::filesystem::path& folder, DType dtype) {
  DEEPSCALER_CHECK(dtype == DType::kF32 || dtype == DType::kBF16 || dtype == DType::kF16);
  DEEPSCALER_CHECK(!model.base(), "an adapter is no model of its own");
  std::vector<TensorDeclaration> declarations;
  for (const ParameterInfo& info : model.table().all()) {
    declarations.push_back(
        {info.name, dtype, info.is_matrix() ? std::vector{info.rows, info.cols} : std::vector{info.cols}});
  }
  SafetensorsWriter writer(folder / "model.safetensors", declarations);
  for (size_t i = 0; i < model.table().all().size(); ++i) {
    const ParameterInfo& info = model.table().all()[i];
    Matrix rows(info.rows, info.cols);
    model.read(static_cast<int>(i), rows.view());
    const std::span<const float> values(rows.data(), static_cast<size_t>(rows.size()));
    if (dtype == DType::kF32) {
      writer.write(std::as_bytes(values));
    } else {
      const auto halves = rounded(values, dtype, info.name);
      writer.write(std::as_bytes(std::span(halves)));
    }
  }
  writer.commit();
  write_file_atomically(folder / "config.json", hf_config_json(model.config(), dtype).dump(2) + "\n");
}

}  // namespace deepscaler
