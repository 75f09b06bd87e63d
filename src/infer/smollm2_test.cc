// SmolLM2-135M-Instruct itself against transformers (tests/goldens/make_smollm2_goldens.py), where the
// model has been fetched; elsewhere the test says that it was skipped.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "formats/json_text.h"
#include "infer/engine.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// The GGUF file that `deepscaler fetch` or run.sh left in the cache.
std::optional<fs::path> fetched_model() {
  const char* cache = std::getenv("DEEPSCALER_CACHE");
  const char* home = std::getenv("HOME");
  const fs::path folder =
      (cache != nullptr ? fs::path(cache) : fs::path(home ? home : "") / ".cache/deepscaler") / "hub" /
      "HuggingFaceTB--SmolLM2-135M-Instruct";
  if (!fs::is_directory(folder)) return std::nullopt;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename() == "SmolLM2-135M-Instruct.Q4_1.gguf") return entry.path();
  }
  return std::nullopt;
}

TEST(SmolLm2, GreedyContinuationsAreThoseOfTransformers) {
  const auto path = fetched_model();
  if (!path) GTEST_SKIP() << "the GGUF file of HuggingFaceTB/SmolLM2-135M-Instruct is not in the cache";
  const auto cases = read_json_file(fs::path(DEEPSCALER_GOLDENS) / "smollm2.json");
  const Tokenizer tokenizer = Tokenizer::load(*path);
  const ChatTemplate chat_template(*tokenizer.chat_template());
  std::vector<GenerationRequest> requests;
  for (const auto& c : cases) {
    const std::string text =
        chat_template.render(c["messages"], GenerationPrompt::kAdd, template_variables(tokenizer));
    requests.push_back({.prompt = tokenizer.encode(text, {.add_special_tokens = false})});
    EXPECT_EQ(requests.back().prompt, c["prompt"].get<std::vector<int32_t>>());
  }
  const Model model = Model::load(*path);
  Engine engine(model, int64_t{256} << 20);
  int64_t finished = 0;
  engine.generate(requests, {.temperature = 0, .max_new_tokens = 64, .ignore_eos = true},
                  [&](int64_t request, int64_t, Generation&& generation) {
                    const auto& golden = cases[request];
                    EXPECT_EQ(generation.tokens, golden["tokens"].get<std::vector<int32_t>>());
                    for (size_t i = 0; i < generation.log_probs.size(); ++i) {
                      // transformers ran in f32 too: both are off the true value.
                      EXPECT_NEAR(generation.log_probs[i], golden["log_probs"][i].get<float>(), 2e-4) << i;
                    }
                    ++finished;
                  });
  EXPECT_EQ(finished, std::ssize(cases));
}

}  // namespace
}  // namespace deepscaler
