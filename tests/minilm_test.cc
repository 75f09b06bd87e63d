// all-MiniLM-L6-v2 against tokenizers and transformers (tests/goldens/make_bert_goldens.py --minilm), for who
// has the model: the folder that DEEPSCALER_MINILM names, or what `deepscaler fetch` left in its cache.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "embed/sentence_encoder.h"
#include "fetch/repository.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRepository = "sentence-transformers/all-MiniLM-L6-v2";

fs::path model_folder() {
  const auto environment = [](const char* name) {
    return std::string(std::getenv(name) ? std::getenv(name) : "");
  };
  if (const std::string named = environment("DEEPSCALER_MINILM"); !named.empty()) return named;
  const std::string cache = environment("DEEPSCALER_CACHE");
  return cached_repository(
      cache.empty() ? fs::path(environment("HOME")) / ".cache" / "deepscaler" : fs::path(cache), kRepository);
}

TEST(MiniLm, IdsAndEmbeddings) {
  if (!fs::exists(model_folder() / "model.safetensors")) {
    GTEST_SKIP() << "no model: run `deepscaler fetch " << kRepository
                 << "`, or name its folder in DEEPSCALER_MINILM";
  }
  const auto golden = nlohmann::json::parse(read_file(fs::path(DEEPSCALER_GOLDENS) / "minilm.json"));
  std::vector<std::string> texts;
  for (const auto& item : golden) texts.push_back(item["text"]);
  const SentenceEncoder encoder(model_folder());
  const Wordpiece wordpiece(model_folder() / "vocab.txt");
  const Matrix embeddings = encoder.embed(texts, [](int64_t) {});
  double largest = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(wordpiece.encode(texts[i], 256), golden[i]["ids"].get<std::vector<int32_t>>()) << texts[i];
    for (size_t j = 0; j < golden[i]["embedding"].size(); ++j) {
      const double difference = static_cast<double>(embeddings.row(static_cast<int64_t>(i))[j]) -
                                golden[i]["embedding"][j].get<double>();
      largest = std::max(largest, std::abs(difference));
    }
  }
  EXPECT_LT(largest, 1e-6);
  RecordProperty("largest_difference", std::to_string(largest * 1e9) + "e-9");
}

}  // namespace
}  // namespace deepscaler
