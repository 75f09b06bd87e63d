#include "eval/perplexity.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "model/segments.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

TEST(Perplexity, ChunksAreWholeAndTheRestIsDropped) {
  const Tokenizer tokenizer = byte_tokenizer();
  const TextChunks chunks = text_chunks(tokenizer, "abcdefghij<|endoftext|>", 8, "t");
  ASSERT_EQ(chunks.size(), 2u) << "the end's name is text";
  EXPECT_EQ(chunks[0], tokenizer.encode("abcdefgh"));
  try {
    (void)text_chunks(tokenizer, "abc", 8, "t");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "t: has 3 tokens, less than a chunk of 8; give a longer text, or a smaller --context");
  }
}

TEST(Perplexity, AModelThatBeginsTextsReadsItsBosFirst) {
  TokenizerDefinition definition;
  definition.tokens = {"a", "b", "<s>"};
  definition.added_tokens = {{.id = 2, .content = "<s>", .special = true}};
  definition.bos = 2;
  definition.prefix = {2};
  const TextChunks chunks = text_chunks(Tokenizer(definition), "abababab", 4, "t");
  EXPECT_EQ(chunks, (TextChunks{{2, 0, 1, 0}, {2, 0, 1, 0}}));
}

TEST(Perplexity, ComparesDistributions) {
  const std::vector<float> base = {1, 2, 0, -1}, other = {1.5f, 1, 0, -1};
  const auto softmax = [](const std::vector<float>& logits, size_t i) {
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
    return std::exp(static_cast<double>(logits[i])) / sum;
  };
  const Prediction p = predict(other, base, 2);
  EXPECT_NEAR(p.log_prob, std::log(softmax(other, 2)), 1e-14);
  EXPECT_NEAR(p.base_log_prob, std::log(softmax(base, 2)), 1e-14);
  EXPECT_FALSE(p.same_top);
  double divergence = 0;
  for (size_t i = 0; i < 4; ++i) {
    divergence += softmax(base, i) * std::log(softmax(base, i) / softmax(other, i));
  }
  EXPECT_NEAR(p.divergence, divergence, 1e-14);
  EXPECT_NEAR(predict(base, base, 0).divergence, 0, 1e-15);
  EXPECT_TRUE(predict(base, base, 0).same_top);
}

TEST(Perplexity, EstimatesHaveErrors) {
  // Log-probabilities -1 and -3: mean 2, standard error 1.
  const std::vector<Prediction> predictions = {
      {.log_prob = -1, .base_log_prob = -1, .divergence = 0.25, .same_top = true},
      {.log_prob = -3, .base_log_prob = -2, .divergence = 0.75, .same_top = false}};
  const TextFit fit = text_fit(predictions);
  EXPECT_EQ(fit.tokens, 2);
  EXPECT_NEAR(fit.perplexity.value, std::exp(2.0), 1e-12);
  EXPECT_NEAR(fit.perplexity.error, std::exp(2.0), 1e-12);
  const Divergence d = divergence(predictions);
  EXPECT_NEAR(d.base_perplexity.value, std::exp(1.5), 1e-12);
  EXPECT_NEAR(d.log_ratio.value, 0.5, 1e-12);
  EXPECT_NEAR(d.log_ratio.error, 0.5, 1e-12);
  EXPECT_NEAR(d.divergence.value, 0.5, 1e-12);
  EXPECT_NEAR(d.divergence.error, 0.25, 1e-12);
  EXPECT_EQ(d.largest, 0.75);
  EXPECT_NEAR(d.same_top.value, 0.5, 1e-12);
  const double change = std::exp(-3.0) - std::exp(-2.0);
  EXPECT_NEAR(d.rms_probability.value, std::sqrt(change * change / 2), 1e-12);
  EXPECT_NEAR(d.rms_probability.error, change * change / 2 / (2 * d.rms_probability.value), 1e-12);
}

Model random_model(uint64_t seed) {
  Model model({.vocabulary = 257,
               .hidden = 64,
               .feed_forward = 96,
               .layers = 2,
               .attention = {.heads = 2, .kv_heads = 1, .head_dim = 32},
               .context = 96,
               .tied_embeddings = true});
  randomize(model, seed, 0.3f);
  return model;
}

TEST(Perplexity, ScoresTheSecondHalfAsTrainingDoes) {
  const Model model = random_model(1), base = random_model(2);
  std::vector<TokenId> tokens(160);
  for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<TokenId>(i * 37 % 256);
  const TextChunks chunks = {{tokens.begin(), tokens.begin() + 80}, {tokens.begin() + 80, tokens.end()}};
  int64_t done = 0;
  const auto predictions =
      predict_text(model, &base, chunks, [&](int64_t chunks_done) { done = chunks_done; });
  EXPECT_EQ(done, 2);
  ASSERT_EQ(predictions.size(), 2u * 39) << "tokens 41 to 79 of each chunk";

  for (const auto& [which, log_prob] :
       {std::pair(&model, &Prediction::log_prob), std::pair(&base, &Prediction::base_log_prob)}) {
    const auto pass = default_device().make_pass(*which);
    for (size_t c = 0; c < 2; ++c) {
      const std::span<const TokenId> chunk(chunks[c]);
      const TokenGroup group{chunk.first(41), {chunk.subspan(41)}};
      const auto batches = pack_groups({&group, 1}, 80);
      const MicroBatch& batch = batches.front();
      pass->reserve(batch.blocks, Contents::kZero);
      pass->forward(batch.forward, PassPurpose::kInference);
      std::vector<int64_t> rows;
      for (const PredictedToken& token : batch.predicted) rows.push_back(token.row);
      std::vector<TokenScore> scores(rows.size());
      pass->score(rows, chunk.subspan(41), 1, scores);
      for (size_t i = 0; i < 39; ++i) {
        EXPECT_NEAR(predictions[c * 39 + i].*log_prob, scores[i].log_prob, 1e-5);
      }
    }
  }
  const auto alone = predict_text(model, nullptr, chunks, [](int64_t) {});
  for (size_t i = 0; i < alone.size(); ++i) EXPECT_EQ(alone[i].log_prob, predictions[i].log_prob);
}

}  // namespace
}  // namespace deepscaler
