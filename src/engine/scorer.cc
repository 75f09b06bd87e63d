#include "engine/scorer.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

Json read_config(const std::filesystem::path& folder) {
  const auto file = folder / "config.json";
  Json config = Json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (!config.is_object()) throw Error(file.string(), "is not a JSON object", "use a complete model");
  return config;
}

void draw_head(Model& scorer, uint64_t seed) {
  const ParameterInfo& head = scorer.table()[scorer.table().scalar_head()];
  const Rng rng(seed, {hash_name("score.weight")});
  Matrix row(1, head.cols);
  const auto std = static_cast<float>(1.0 / static_cast<double>(head.cols + 1));
  for (int64_t i = 0; i < head.cols; ++i) row.row(0)[i] = std * rng.normal(static_cast<uint64_t>(i));
  write_parameter(head, row.view(), scorer.edit_weights().data());
}

}  // namespace

Model make_scorer(const Model& model, uint64_t seed, HeadKind head) {
  DEEPSCALER_CHECK(!model.base(), "an adapter is not among the parameters that are copied");
  ModelConfig config = model.config();
  const bool has_head = config.scalar_head();
  config.head = head;
  Model scorer(config);
  copy_parameters(model, scorer);
  if (!has_head) draw_head(scorer, seed);
  scorer.compute_in(model.compute_type());
  return scorer;
}

void write_score_scale(const std::filesystem::path& folder, const ScoreScale& scale) {
  Json config = read_config(folder);
  config["mean"] = scale.mean;
  config["std"] = scale.std;
  write_file_atomically(folder / "config.json", config.dump(2) + "\n");
}

std::optional<ScoreScale> read_score_scale(const std::filesystem::path& folder) {
  const Json config = read_config(folder);
  const auto is_number = [&](const char* key) { return config.contains(key) && config[key].is_number(); };
  if (!is_number("mean") || !is_number("std") || !(config["std"] > 0.0)) return std::nullopt;
  return ScoreScale{.mean = config["mean"], .std = config["std"]};
}

}  // namespace deepscaler
