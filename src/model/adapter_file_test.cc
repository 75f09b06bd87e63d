// Adapters that are damaged or ask for what is not computed: one clear line each; and adapters as they were
// saved.
#include "model/adapter_file.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "formats/json_text.h"
#include "model/model_file.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kGoldens = DEEPSCALER_GOLDENS;
const fs::path kAdapter = kGoldens / "lora" / "qwen2";

class AdapterFile : public testing::Test {
 protected:
  AdapterFile() {
    config_ = read_json_file(kAdapter / "adapter_config.json");
    config_["base_model_name_or_path"] = (kGoldens / "models" / "qwen2").string();
    fs::copy_file(kAdapter / "adapter_model.safetensors", folder_ / "adapter_model.safetensors");
  }
  // What loading says of the adapter with another value of a key, with the folder's name as A.
  std::string verdict(const std::string& key, const json& value) {
    json config = config_;
    config[key] = value;
    write_file_atomically(folder_ / "adapter_config.json", config.dump());
    try {
      (void)Model::load(folder_.path());
      return "";
    } catch (const Error& error) {
      std::string text = error.what();
      const std::string path = folder_.path().string();
      for (size_t at; (at = text.find(path)) != std::string::npos;) text.replace(at, path.size(), "A");
      return text;
    }
  }

  TemporaryFolder folder_;
  json config_;
};

TEST_F(AdapterFile, WhatIsNotComputedIsRefusedByName) {
  EXPECT_EQ(verdict("use_dora", false), "");
  EXPECT_EQ(verdict("lora_dropout", 0.05), "") << "of training";
  const std::string where = "A/adapter_config.json: ";
  const std::string incomplete = "; use a complete adapter";
  const std::vector<std::tuple<std::string, json, std::string>> cases = {
      {"use_dora", true, "use_dora is set, which is not computed here; use an adapter without it"},
      {"rank_pattern",
       {{"q_proj", 4}},
       "rank_pattern is set, which is not computed here; use an adapter without it"},
      {"modules_to_save",
       {"lm_head"},
       "modules_to_save is set, which is not computed here; use an adapter without it"},
      {"bias", "all", "bias is set, which is not computed here; use an adapter without it"},
      {"peft_type", "IA3", "peft_type is not \"LORA\"; use a LoRA adapter"},
      {"r", 0, "r is no number in its range" + incomplete},
      {"lora_alpha", "8", "lora_alpha is no number in its range" + incomplete},
      {"target_modules",
       {"q_proj", "embed_tokens"},
       "target_modules has 'embed_tokens', which can't be adapted here; use an adapter of the linear layers"},
      {"target_modules", ".*", "target_modules is no list of names; write the names of the matrices there"},
      {"base_model_name_or_path", nullptr,
       "names no base model; set base_model_name_or_path to the folder or file of the base"},
      {"base_model_name_or_path", "org/none",
       "its base model 'org/none' is not there; correct base_model_name_or_path"},
      {"base_model_name_or_path", folder_.path().string(),
       "its base model is an adapter too; merge that one first"}};
  for (const auto& [key, value, text] : cases) EXPECT_EQ(verdict(key, value), where + text) << key;
}

TEST_F(AdapterFile, TensorsMustBeThoseOfTheSettings) {
  const std::string where = "A/adapter_model.safetensors: tensor '",
                    name = "base_model.model.model.layers.0.";
  EXPECT_EQ(verdict("target_modules", "all-linear"),
            where + name + "self_attn.k_proj.lora_A.weight' is missing; use a complete adapter");
  EXPECT_EQ(verdict("r", 4),
            where + name +
                "self_attn.q_proj.lora_A.weight' has another shape or type than its model's; adapter "
                "and base must belong together");
  EXPECT_EQ(verdict("target_modules", {"q_proj", "v_proj"}).substr(0, where.size()), where);
  EXPECT_NE(verdict("target_modules", {"q_proj", "v_proj"}).find("adapts nothing of the base model"),
            std::string::npos);
  fs::resize_file(folder_ / "adapter_model.safetensors", 5000);
  EXPECT_NE(verdict("use_dora", false), "");
}

TEST_F(AdapterFile, AnAdapterIsNoModelOfItsOwn) {
  EXPECT_EQ(read_model_config(kAdapter).hidden, 64);
  try {
    const ModelFile file(kAdapter);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), kAdapter.string() +
                                ": is an adapter, and a model of its own is wanted; merge it into its base "
                                "with deepscaler convert");
  }
}

TEST_F(AdapterFile, IsReadAsItWasSaved) {
  for (const char* name : {"llama", "qwen2", "qwen3"}) {
    const Model model = Model::load(kGoldens / "lora" / name);
    const TemporaryFolder folder;
    save_model(model, folder.path());
    EXPECT_EQ(Model::load(folder.path()).hash(), model.hash());
    // Over the same base, as a run goes on.
    Model begun = Model::adapt(Model::load(kGoldens / "models" / name), model.lora(), 1);
    EXPECT_NE(begun.hash(), model.hash());
    read_adapter(folder.path(), begun);
    EXPECT_EQ(begun.hash(), model.hash());
  }
  try {
    (void)load_adapter_over(Model::load(kGoldens / "models" / "llama"), kGoldens / "models" / "llama");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), (kGoldens / "models" / "llama").string() +
                                ": has no adapter_config.json; name the folder of a LoRA adapter");
  }
  LoraConfig other = {.rank = 5};
  Model model = Model::adapt(Model::load(kGoldens / "models" / "llama"), other, 1);
  try {
    read_adapter(kGoldens / "lora" / "llama", model);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(),
              (kGoldens / "lora" / "llama" / "adapter_config.json").string() +
                  ": rank, scale or targets are not those of [lora]; use an adapter that was made with "
                  "these settings");
  }
}

}  // namespace
}  // namespace deepscaler
