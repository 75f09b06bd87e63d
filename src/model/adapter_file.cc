#include "model/adapter_file.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "formats/excerpt.h"
#include "formats/json_text.h"
#include "formats/safetensors.h"
#include "tensor/dequantize.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kConfig = "adapter_config.json";
constexpr const char* kWeights = "adapter_model.safetensors";
constexpr const char* kPrefix = "base_model.model.";
constexpr const char* kIncomplete = "use a complete adapter";

// Keys that would change what is computed, unless they say nothing.
constexpr const char* kNotComputed[] = {"alora_invocation_tokens",
                                        "alpha_pattern",
                                        "arrow_config",
                                        "bias",
                                        "exclude_modules",
                                        "fan_in_fan_out",
                                        "kasa_config",
                                        "layer_replication",
                                        "layers_pattern",
                                        "layers_to_transform",
                                        "lora_bias",
                                        "modules_to_save",
                                        "monteclora_config",
                                        "rank_pattern",
                                        "target_parameters",
                                        "trainable_token_indices",
                                        "use_bdlora",
                                        "use_dora",
                                        "use_qalora",
                                        "velora_config"};

bool says_nothing(const json& value) {
  return value.is_null() || value == json(false) || value == json("none") ||
         (value.is_structured() && value.empty());
}

class AdapterConfigFile {
 public:
  explicit AdapterConfigFile(const fs::path& folder)
      : where_((folder / kConfig).string()), json_(read_model_object(folder / kConfig)) {}

  [[nodiscard]] std::string base() const {
    const auto found = json_.find("base_model_name_or_path");
    if (found != json_.end() && found->is_string() && *found != "") return found->get<std::string>();
    throw Error(where_, "names no base model",
                "set base_model_name_or_path to the folder or file of the base");
  }

  [[nodiscard]] LoraConfig settings() const {
    if (json_.value("peft_type", json()) != json("LORA")) {
      throw Error(where_, "peft_type is not \"LORA\"", "use a LoRA adapter");
    }
    for (const char* key : kNotComputed) {
      const auto found = json_.find(key);
      if (found != json_.end() && !says_nothing(*found)) {
        throw Error(where_, fmt::format("{} is set, which is not computed here", key),
                    "use an adapter without it");
      }
    }
    LoraConfig config;
    config.rank = static_cast<int64_t>(number("r", 1, 1 << 16));
    config.alpha = static_cast<float>(number("lora_alpha", 1e-6, 1e9));
    config.rslora = json_.value("use_rslora", json(false)) == json(true);
    config.targets = targets();
    return config;
  }

 private:
  [[nodiscard]] double number(const char* key, double low, double high) const {
    const auto found = json_.find(key);
    if (found != json_.end() && found->is_number()) {
      const auto value = found->get<double>();
      if (value >= low && value <= high) return value;
    }
    throw Error(where_, fmt::format("{} is no number in its range", key), kIncomplete);
  }

  [[nodiscard]] std::vector<std::string> targets() const {
    const json named = json_.value("target_modules", json());
    if (named == json("all-linear")) return lora_targets();
    std::vector<std::string> targets;
    for (const json& target : named.is_array() ? named : json::array()) {
      const std::string name = target.is_string() ? target.get<std::string>() : target.dump();
      if (std::ranges::find(lora_targets(), name) == lora_targets().end()) {
        throw Error(where_, fmt::format("target_modules has {}, which can't be adapted here", excerpt(name)),
                    "use an adapter of the linear layers");
      }
      if (std::ranges::find(targets, name) == targets.end()) targets.push_back(name);
    }
    if (!targets.empty()) return targets;
    throw Error(where_, "target_modules is no list of names", "write the names of the matrices there");
  }

  std::string where_;
  json json_;
};

void read_matrix(const StoredTensor& stored, const std::string& where, const ParameterInfo& info,
                 float* values) {
  if (stored.shape != std::vector{info.rows, info.cols} || !stored.other_type.empty()) {
    throw Error(where, fmt::format("tensor '{}' has another shape or type than its model's", stored.name),
                "adapter and base must belong together");
  }
  Matrix rows(info.rows, info.cols);
  const std::span numbers(rows.data(), static_cast<size_t>(rows.size()));
  dequantize(stored.dtype, stored.bytes, numbers);
  if (!std::ranges::all_of(numbers, [](float x) { return std::isfinite(x); })) {
    throw Error(where, fmt::format("tensor '{}' holds a number that is not finite", stored.name),
                "the file is damaged or the model has diverged");
  }
  write_parameter(info, rows.view(), values);
}

void read_weights(const fs::path& folder, Model& model) {
  const SafetensorsFile file(folder / kWeights);
  const std::string where = (folder / kWeights).string();
  std::set<std::string> used;
  const WeightEdit weights = model.edit_weights();
  for (const ParameterInfo& info : model.table().trainable()) {
    const std::string name = kPrefix + info.name;
    const StoredTensor* stored = file.tensors().find(name);
    if (stored == nullptr) throw Error(where, fmt::format("tensor '{}' is missing", name), kIncomplete);
    read_matrix(*stored, where, info, weights.data());
    used.insert(name);
  }
  for (const StoredTensor& tensor : file.tensors().all()) {
    if (used.contains(tensor.name)) continue;
    throw Error(where, fmt::format("tensor {} adapts nothing of the base model", excerpt(tensor.name)),
                "adapter and base must belong together");
  }
}

}  // namespace

bool is_adapter(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path / kConfig, ignored);
}

fs::path adapter_base(const fs::path& folder) {
  const std::string where = (folder / kConfig).string();
  const fs::path named = AdapterConfigFile(folder).base();
  for (const fs::path& path : {named, (folder / named).lexically_normal()}) {
    if (is_adapter(path)) throw Error(where, "its base model is an adapter too", "merge that one first");
    std::error_code ignored;
    if (fs::exists(path, ignored)) return path;
  }
  throw Error(where, fmt::format("its base model {} is not there", excerpt(named.string())),
              "correct base_model_name_or_path");
}

Model load_adapted(const fs::path& folder, QuantizedAs quantized) {
  return load_adapter_over(Model::load(adapter_base(folder), quantized), folder);
}

Model load_adapter_over(Model base, const fs::path& folder) {
  if (!is_adapter(folder)) {
    throw Error(folder.string(), fmt::format("has no {}", kConfig), "name the folder of a LoRA adapter");
  }
  const LoraConfig config = AdapterConfigFile(folder).settings();
  Model model = Model::adapt(std::move(base), config, /*seed=*/0);
  read_weights(folder, model);
  return model;
}

void read_adapter(const fs::path& folder, Model& model) {
  const LoraConfig theirs = AdapterConfigFile(folder).settings(), &ours = model.lora();
  const auto sorted = [](std::vector<std::string> names) {
    std::ranges::sort(names);
    return names;
  };
  if (theirs.rank != ours.rank || theirs.scale() != ours.scale() ||
      sorted(theirs.targets) != sorted(ours.targets)) {
    throw Error((folder / kConfig).string(), "rank, scale or targets are not those of [lora]",
                "use an adapter that was made with these settings");
  }
  read_weights(folder, model);
}

void save_model(const Model& model, const fs::path& folder) {
  if (!model.base()) return save_hf_model(model, folder);
  DEEPSCALER_CHECK(!model.base()->path().empty());
  const LoraConfig& config = model.lora();
  std::vector<TensorDeclaration> declarations;
  for (const ParameterInfo& info : model.table().trainable()) {
    declarations.push_back({kPrefix + info.name, DType::kF32, {info.rows, info.cols}});
  }
  SafetensorsWriter writer(folder / kWeights, declarations);
  for (const ParameterInfo& info : model.table().trainable()) {
    Matrix rows(info.rows, info.cols);
    read_parameter(info, model.weights(), rows.view());
    writer.write(std::as_bytes(std::span(rows.data(), static_cast<size_t>(rows.size()))));
  }
  writer.commit();
  const nlohmann::ordered_json text = {
      {"peft_type", "LORA"},
      {"task_type", "CAUSAL_LM"},
      {"base_model_name_or_path", fs::absolute(model.base()->path()).lexically_normal().string()},
      {"r", config.rank},
      {"lora_alpha", config.alpha == std::floor(config.alpha) ? json(static_cast<int64_t>(config.alpha))
                                                              : json(config.alpha)},
      {"lora_dropout", 0.0},
      {"use_rslora", config.rslora},
      {"use_dora", false},
      {"target_modules", config.targets},
      {"bias", "none"},
      {"fan_in_fan_out", false},
      {"init_lora_weights", config.init == LoraInit::kGaussian ? json("gaussian") : json(true)},
      {"modules_to_save", nullptr},
      {"inference_mode", true}};
  write_file_atomically(folder / kConfig, text.dump(2) + "\n");
}

}  // namespace deepscaler
