// A model of random weights with a token for every byte, whose responses are noise; for tests of this layer.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "generate/prompts.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {

struct TinyGeneration {
  explicit TinyGeneration(uint64_t seed = 5) : engine(random_model(seed), {.token_budget = 256}) {}

  static Model random_model(uint64_t seed) {
    Model model(read_hf_config(std::filesystem::path(DEEPSCALER_GOLDENS) / "../../recipes/tiny-model"));
    randomize(model, seed, 0.02f);
    return model;
  }
  [[nodiscard]] std::vector<Prompt> prompts(const std::vector<std::string>& texts) const {
    std::vector<Prompt> all;
    for (const std::string& text : texts) {
      all.push_back({.tokens = tokenizer.encode(text), .where = "prompt " + text});
    }
    return all;
  }

  Tokenizer tokenizer = byte_tokenizer();
  PromptEncoder encoder{tokenizer, {}};
  Engine engine;
};

}  // namespace deepscaler
