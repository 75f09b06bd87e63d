#include "rl/reward/reward_format.h"

#include <gtest/gtest.h>

namespace deepscaler {
namespace {

struct Case {
  const char* response;
  bool opened;
  double boxed, answer;
};

TEST(FormatReward, EachForm) {
  const Case cases[] = {
      {"<think>so</think> It is \\boxed{4}.", false, 1, 0},
      {"so</think>\\boxed{4}", true, 1, 0},
      {"<think>so</think>\\boxed{4}", true, 0, 0},  // opened twice
      {"so</think>\\boxed{4}", false, 0, 0},        // never opened
      {"Well, <think>so</think>\\boxed{4}", false, 0, 0},
      {"<think>so</think></think>\\boxed{4}", false, 0, 0},
      {"<think>\\boxed{4}</think> It is 4.", false, 0, 0},
      {"<think>so</think>\\boxed{}", false, 0, 0},
      {"<think>so</think>\\boxed{4", false, 0, 0},
      {"<think>so", false, 0, 0},
      {"", true, 0, 0},
      {"<think>so</think> <answer>4</answer>", false, 0, 1},
      {" <think>so</think>\n<answer> \\boxed{4} </answer>\n", false, 1, 1},
      {"so</think><answer>4</answer>", true, 0, 1},
      {"<think>so</think> Hence <answer>4</answer>", false, 0, 0},
      {"<think>so</think><answer>4</answer> Done.", false, 0, 0},
      {"<think>so</think><answer> </answer>", false, 0, 0},
      {"<think>so</think><answer>4</answer><answer>5</answer>", false, 0, 0},
      {"<think>so</think></answer><answer>", false, 0, 0},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(format_reward(ResponseForm::kThinkBoxed, c.response, c.opened), c.boxed) << c.response;
    EXPECT_EQ(format_reward(ResponseForm::kThinkAnswer, c.response, c.opened), c.answer) << c.response;
  }
}

}  // namespace
}  // namespace deepscaler
