#include "generate/response_stream.h"

#include <gtest/gtest.h>

#include "generate/tiny_generation_test.h"

namespace deepscaler {
namespace {

TEST(ResponseStream, PiecesAreTheTextOfTheResponse) {
  TinyGeneration tiny;
  const Prompt prompt = tiny.prompts({"7"})[0];
  GenerationSettings settings;
  settings.options.sampling.max_response_tokens = 20;
  for (TokenId letter = 'a'; letter <= 'e'; ++letter) settings.options.logit_bias.push_back({letter, 50});
  std::string text;
  int64_t pieces = 0;
  const auto stream = [&] {
    text.clear();
    pieces = 0;
    return stream_response(tiny.engine.generator(), tiny.tokenizer, prompt, settings,
                           [&](std::string_view piece) {
                             EXPECT_FALSE(piece.empty());
                             text += piece;
                             ++pieces;
                           });
  };
  const Generation response = stream();
  EXPECT_EQ(response.tokens.size(), 20u);
  EXPECT_EQ(text, tiny.tokenizer.decode(response.tokens, {.skip_special_tokens = true}));
  EXPECT_EQ(pieces, 20);

  settings.stop = {text.substr(text.size() / 2, 3)};
  const std::string before = text.substr(0, text.find(settings.stop[0]));
  EXPECT_EQ(stream().finish_reason, FinishReason::kStop);
  EXPECT_EQ(text, before);
}

}  // namespace
}  // namespace deepscaler
