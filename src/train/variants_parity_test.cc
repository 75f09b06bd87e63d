// Every kind of model that is accepted, beside transformers: architecture x activation x RoPE scaling x head
// of its own or tied (tests/goldens/make_variant_goldens.py).
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "formats/json_text.h"
#include "formats/safetensors.h"
#include "model/model.h"
#include "model/model_file.h"
#include "train/step.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kVariants = fs::path(DEEPSCALER_GOLDENS) / "variants";

// The weights without the head.
void write_tied(const fs::path& from, const fs::path& to) {
  const SafetensorsFile file(from);
  std::vector<TensorDeclaration> declarations;
  std::vector<const StoredTensor*> kept;
  for (const StoredTensor& tensor : file.tensors().all()) {
    if (tensor.name == "lm_head.weight") continue;
    declarations.push_back({tensor.name, tensor.dtype, tensor.shape});
    kept.push_back(&tensor);
  }
  SafetensorsWriter writer(to, declarations);
  for (const StoredTensor* tensor : kept) writer.write(tensor->bytes);
  writer.commit();
}

std::vector<TokenScore> score(const Model& model, const std::vector<int32_t>& tokens) {
  TrainStep step(model, {.token_budget = 64});
  const std::span all(tokens);
  const std::vector<TokenGroup> groups = {{all.first(1), {all.subspan(1)}}};
  return step.score(groups, 1)[0][0];
}

class VariantsParity : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Architectures, VariantsParity, testing::Values("llama", "qwen2", "qwen3"));

TEST_P(VariantsParity, LogProbabilitiesAreThoseOfTransformers) {
  const fs::path golden = kVariants / GetParam();
  const json cases = read_json_file(golden / "cases.json");
  const auto tokens = cases["tokens"].get<std::vector<int32_t>>();
  const TemporaryFolder own, tied;
  fs::copy_file(golden / "model.safetensors", own / "model.safetensors");
  write_tied(golden / "model.safetensors", tied / "model.safetensors");
  ASSERT_EQ(cases["cases"].size(), 64u);
  for (const json& entry : cases["cases"]) {
    json config = cases["config"];
    config.update(entry["config"]);
    const TemporaryFolder& folder = config["tie_word_embeddings"].get<bool>() ? tied : own;
    write_file_atomically(folder / "config.json", config.dump());
    const Model model = Model::load(folder.path());
    const auto scores = score(model, tokens);
    for (size_t i = 0; i < scores.size(); ++i) {
      ASSERT_NEAR(scores[i].log_prob, entry["logprobs"][i].get<double>(), 2e-5)
          << entry["config"] << " at " << i;
    }
    // What is written is read as the same model.
    EXPECT_EQ(hf_config_json(parse_hf_config(hf_config_json(model.config(), DType::kF32).dump(), "again"),
                             DType::kF32),
              hf_config_json(model.config(), DType::kF32));
  }
}

// The head that is in the file counts, whatever the config says.
TEST_P(VariantsParity, AHeadOfItsOwnIsUsedThoughTheConfigTiesIt) {
  const fs::path golden = kVariants / GetParam();
  const json cases = read_json_file(golden / "cases.json");
  const auto tokens = cases["tokens"].get<std::vector<int32_t>>();
  const TemporaryFolder folder;
  fs::copy_file(golden / "model.safetensors", folder / "model.safetensors");
  json config = cases["config"];
  config["tie_word_embeddings"] = true;
  write_file_atomically(folder / "config.json", config.dump());
  EXPECT_FALSE(read_model_config(folder.path()).tied_embeddings);
  const auto scores = score(Model::load(folder.path()), tokens);
  EXPECT_NEAR(scores[0].log_prob, cases["cases"][0]["logprobs"][0].get<double>(), 2e-5);
}

}  // namespace
}  // namespace deepscaler
