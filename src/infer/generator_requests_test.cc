// What a request may ask beside tokens: scores of its prompt, the likeliest tokens, a space of its own; and
// that one that fails takes no other with it.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>

#include "infer/generator.h"

namespace deepscaler {
namespace {

Model tiny_model(const std::string& name) {
  return Model::load(std::filesystem::path(DEEPSCALER_GOLDENS) / "models" / name);
}

std::vector<int32_t> tokens(int64_t count, int32_t first) {
  std::vector<int32_t> all;
  for (int64_t t = 0; t < count; ++t) all.push_back(static_cast<int32_t>((first + 5 * t) % 250 + 3));
  return all;
}

const GenerationOptions kOptions = {.sampling = {.temperature = 0.8f, .max_response_tokens = 40},
                                    .top_log_probs = 3,
                                    .seed = 3,
                                    .ignore_eos = true};

struct Answer {
  std::vector<TokenRanking> scores;
  int64_t reused = 0;
  std::vector<Generation> samples;
};

// By their places in `asked`; all that is open is computed together.
std::vector<Answer> answer(Generator& generator, const std::vector<GenerationRequest>& asked,
                           const GenerationOptions& options = kOptions) {
  std::map<Generator::RequestId, size_t> places;
  std::vector<Answer> answers(asked.size());
  for (size_t i = 0; i < asked.size(); ++i) {
    answers[i].samples.resize(asked[i].samples);
    places[generator.add(asked[i], options)] = i;
  }
  while (!generator.idle()) {
    Generator::Step step = generator.step();
    for (auto& prompt : step.prompts) {
      answers[places.at(prompt.request)].scores = std::move(prompt.scores);
      answers[places.at(prompt.request)].reused = prompt.reused;
    }
    for (auto& done : step.finished) {
      answers[places.at(done.request)].samples[done.sample] = std::move(done.generation);
    }
  }
  return answers;
}

bool same(const std::vector<TokenLogProb>& a, const std::vector<TokenLogProb>& b) {
  return std::ranges::equal(a, b, [](const TokenLogProb& x, const TokenLogProb& y) {
    return x.token == y.token && x.log_prob == y.log_prob;
  });
}

// A response, asked about as a prompt: the bits it was drawn with, whatever is cached or computed beside it.
TEST(GeneratorRequests, ScoresOfAPromptAreThoseOfTheResponse) {
  const Model model = tiny_model("qwen2");
  Generator generator(model, 1 << 30);
  const GenerationRequest first = {.prompt = tokens(70, 1), .keep_responses = true};
  const Generation drawn = answer(generator, {first})[0].samples[0];
  std::vector<GenerationRequest> asked;
  for (int32_t i = 0; i < 5; ++i)
    asked.push_back({.prompt = tokens(20 + 30 * i, i), .samples = 2, .stream = 9});
  asked.push_back({.prompt = first.prompt, .score_prompt = true});
  std::vector<int32_t>& prompt = asked.back().prompt;
  prompt.insert(prompt.end(), drawn.tokens.begin(), drawn.tokens.end());
  const Answer scored = answer(generator, asked).back();
  EXPECT_EQ(scored.reused, 0);
  ASSERT_EQ(scored.scores.size(), prompt.size() - 1);
  for (size_t i = 0; i < drawn.tokens.size(); ++i) {
    const TokenRanking& score = scored.scores[first.prompt.size() - 1 + i];
    ASSERT_EQ(score.log_prob, drawn.log_probs[i]);
    ASSERT_TRUE(same(score.top, drawn.top[i]));
  }
}

TEST(GeneratorRequests, TheLikeliestTokenIsTheGreedyOne) {
  const Model model = tiny_model("llama");
  Generator generator(model, 1 << 30);
  GenerationOptions greedy = kOptions;
  greedy.sampling.temperature = 0;
  const Generation drawn = answer(generator, {{.prompt = tokens(9, 2)}}, greedy)[0].samples[0];
  ASSERT_EQ(drawn.top.size(), drawn.tokens.size());
  for (size_t i = 0; i < drawn.tokens.size(); ++i) {
    ASSERT_EQ(drawn.top[i].size(), 3u);
    EXPECT_EQ(drawn.top[i][0].token, drawn.tokens[i]);
    EXPECT_EQ(drawn.top[i][0].log_prob, drawn.log_probs[i]);
    EXPECT_GE(drawn.top[i][1].log_prob, drawn.top[i][2].log_prob);
  }
}

TEST(GeneratorRequests, SpacesShareNothing) {
  const Model model = tiny_model("llama");
  Generator generator(model, 1 << 30);
  const auto ask = [&](int64_t space) {
    return answer(generator, {{.prompt = tokens(100, 4), .keep_responses = true, .cache_space = space}})[0];
  };
  const Answer first = ask(1), again = ask(1), other = ask(2);
  EXPECT_EQ(first.reused, 0);
  EXPECT_EQ(again.reused, 99);
  EXPECT_EQ(other.reused, 0);
  EXPECT_EQ(first.samples[0].tokens, again.samples[0].tokens);
  EXPECT_EQ(first.samples[0].log_probs, other.samples[0].log_probs);
}

// The i-th token is i modulo 3.
class InTurns : public TokenConstraint {
 public:
  [[nodiscard]] std::unique_ptr<ConstrainedResponse> begin() const override {
    return std::make_unique<Response>();
  }

 private:
  class Response : public ConstrainedResponse {
   public:
    [[nodiscard]] std::span<const int32_t> allowed() override {
      allowed_.clear();
      for (int32_t token = 3 + count_ % 3; token < 250; token += 3) allowed_.push_back(token);
      return allowed_;
    }
    void advance(int32_t token) override {
      ASSERT_EQ(token % 3, count_ % 3);
      ++count_;
    }

   private:
    int32_t count_ = 0;
    std::vector<int32_t> allowed_;
  };
};

// Each sample has a way of its own, also where it waits for memory; those without a constraint beside it
// draw what they draw alone.
TEST(GeneratorRequests, AConstraintHoldsForItsRequestAlone) {
  const Model model = tiny_model("llama");
  Generator generator(model, 1 << 30);
  const std::vector<GenerationRequest> asked = {{.prompt = tokens(40, 1), .samples = 3}};
  const InTurns in_turns;
  GenerationOptions constrained = kOptions;
  constrained.constraint = &in_turns;
  const Answer free_alone = answer(generator, asked)[0], alone = answer(generator, asked, constrained)[0];
  Generator crowded(model, kv_block_bytes(model) * 10);
  const auto first = crowded.add(asked[0], kOptions), second = crowded.add(asked[0], constrained);
  while (!crowded.idle()) {
    for (const auto& done : crowded.step().finished) {
      const Answer& expected = done.request == first ? free_alone : alone;
      EXPECT_EQ(done.generation.tokens, expected.samples[done.sample].tokens);
      EXPECT_EQ(done.generation.log_probs, expected.samples[done.sample].log_probs);
    }
  }
  EXPECT_GT(crowded.preemptions(), 0);
  EXPECT_NE(first, second);
  for (const Generation& sample : alone.samples) {
    for (size_t i = 0; i < sample.tokens.size(); ++i)
      EXPECT_EQ(sample.tokens[i] % 3, static_cast<int32_t>(i % 3));
  }
}

// The model's row of token 77 is damaged: who asks with this token fails, whoever is beside goes on.
TEST(GeneratorRequests, OneThatFailsEndsAlone) {
  Model model = tiny_model("llama3");
  const std::vector<GenerationRequest> whole = {{.prompt = tokens(50, 1), .samples = 2}};
  Generator before(model, 1 << 30);
  const Answer expected = answer(before, whole)[0];
  model.edit_weights()[77 * model.config().hidden] = std::numeric_limits<float>::quiet_NaN();
  Generator generator(model, 1 << 30);
  const auto good = generator.add(whole[0], kOptions);
  const auto bad = generator.add({.prompt = {5, 77, 5}, .samples = 3, .name = "prompts.jsonl:2"}, kOptions);
  std::vector<Generator::Failed> failed;
  std::vector<Generation> samples(2);
  while (!generator.idle()) {
    Generator::Step step = generator.step();
    for (const auto& fault : step.failed) failed.push_back(fault);
    for (auto& done : step.finished) {
      ASSERT_EQ(done.request, good);
      samples[done.sample] = std::move(done.generation);
    }
  }
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].request, bad);
  EXPECT_STREQ(
      failed[0].error.what(),
      "prompts.jsonl:2: the model gives logits that are not finite; its weights have diverged, or are "
      "damaged");
  for (size_t s = 0; s < 2; ++s) EXPECT_EQ(samples[s].log_probs, expected.samples[s].log_probs);
}

}  // namespace
}  // namespace deepscaler
