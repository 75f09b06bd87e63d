// A tiny random BERT beside transformers and tokenizers (tests/goldens/make_bert_goldens.py). The real model:
// tests/minilm_test.cc.
#include "embed/sentence_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "ops/kernel_target_test.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const fs::path kModel = fs::path(DEEPSCALER_GOLDENS) / "bert";

struct Golden {
  std::vector<std::string> texts;
  std::vector<std::vector<int32_t>> ids;
  std::vector<std::vector<double>> embeddings;
};

Golden read_golden() {
  Golden golden;
  for (const Json& item : Json::parse(read_file(kModel / "expected.json"))) {
    golden.texts.push_back(item["text"]);
    golden.ids.push_back(item["ids"]);
    golden.embeddings.push_back(item["embedding"]);
  }
  return golden;
}

TEST(Wordpiece, IdsOfTokenizers) {
  const Golden golden = read_golden();
  const Wordpiece wordpiece(kModel / "vocab.txt");
  for (size_t i = 0; i < golden.texts.size(); ++i)
    EXPECT_EQ(wordpiece.encode(golden.texts[i], 256), golden.ids[i]) << golden.texts[i];
  // Not UTF-8: as the replacement character, which is passed over.
  EXPECT_EQ(wordpiece.encode("is\xff", 256), wordpiece.encode("is", 256));
}

class SentenceEncoderTest : public KernelTargetTest {};
DEEPSCALER_ON_ALL_KERNEL_TARGETS(SentenceEncoderTest);

TEST_P(SentenceEncoderTest, EmbeddingsOfTransformersInAnyCompany) {
  const Golden golden = read_golden();
  const SentenceEncoder encoder(kModel);
  int64_t done = 0;
  const Matrix all = encoder.embed(golden.texts, [&](int64_t texts) { done = texts; });
  EXPECT_EQ(done, std::ssize(golden.texts));
  for (size_t i = 0; i < golden.texts.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    for (int64_t j = 0; j < encoder.width(); ++j)
      EXPECT_NEAR(all.row(row)[j], golden.embeddings[i][static_cast<size_t>(j)], 1e-6) << golden.texts[i];
    set_thread_count(1);
    const Matrix alone = encoder.embed({&golden.texts[i], 1}, [](int64_t) {});
    set_thread_count(0);
    EXPECT_TRUE(std::equal(alone.row(0), alone.row(0) + alone.cols(), all.row(row))) << golden.texts[i];
  }
}

TEST(SentenceEncoder, RefusesWhatIsNoSuchModel) {
  const TemporaryFolder folder;
  const auto refusal = [&] {
    try {
      const SentenceEncoder encoder(folder.path());
    } catch (const Error& error) {
      std::string text = error.what();
      return text.substr(folder.path().string().size() + 1,
                         text.find("; name the folder") - folder.path().string().size() - 1);
    }
    return std::string("accepted");
  };
  const auto put = [&](const char* name, const std::string& bytes) {
    write_file_atomically(folder / name, bytes);
  };
  EXPECT_EQ(refusal(), "config.json: is not there");
  for (const char* name : {"config.json", "model.safetensors", "vocab.txt"})
    put(name, read_file(kModel / name));
  EXPECT_EQ(refusal(), "accepted");
  const std::string config = read_file(kModel / "config.json");
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = config;
    text.replace(text.find(from), from.size(), to);
    put("config.json", text);
    return refusal();
  };
  EXPECT_EQ(changed("\"bert\"", "\"llama\""),
            "config.json: is of no BERT model with GELU and absolute positions");
  EXPECT_EQ(changed("\"hidden_size\": 32", "\"hidden_size\": -1"),
            "config.json: has no \"hidden_size\" above 0");
  EXPECT_EQ(changed("\"num_attention_heads\": 2", "\"num_attention_heads\": 4"),
            "config.json: has heads whose width is no multiple of 16");
  EXPECT_EQ(
      changed("\"intermediate_size\": 48", "\"intermediate_size\": 47"),
      "model.safetensors: tensor encoder.layer.0.intermediate.dense.weight has another type or shape than "
      "F32 [47, 32]");
  EXPECT_EQ(changed("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"),
            "model.safetensors: has no tensor encoder.layer.2.attention.self.query.weight");
  put("config.json", "[]");
  EXPECT_EQ(refusal(), "config.json: is no JSON object");
  put("config.json", config);
  put("vocab.txt", read_file(kModel / "vocab.txt") + "more\n");
  EXPECT_TRUE(refusal().starts_with("vocab.txt: has ")) << refusal();
  put("vocab.txt", read_file(kModel / "vocab.txt") + "the\n");
  EXPECT_TRUE(refusal().ends_with(" is there twice; get the file again")) << refusal();
}

}  // namespace
}  // namespace deepscaler
