#include "rl/credit.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace deepscaler {
namespace {

using nlohmann::json;

// Beside an advantage of 2 from rewards, numbers of tests/goldens/make_divergence_goldens.py.
TEST(Credit, ATeachersIsAddedToThatOfTheRewards) {
  const json goldens = json::parse(std::ifstream(DEEPSCALER_GOLDENS "/divergence.json"));
  for (const json& golden : goldens["credit"]) {
    RolloutGroup group;
    RolloutSample sample;
    golden["student"].get_to(sample.generation.log_probs);
    golden["teacher"].get_to(sample.streams.teacher_log_probs);
    sample.streams.advantages.assign(4, 2);
    group.samples = {sample};
    RolloutGroup* groups[] = {&group};
    add_teacher_credit(groups, {.coefficient = golden["coefficient"], .discount = golden["discount"]});
    for (size_t t = 0; t < 4; ++t) {
      EXPECT_NEAR(group.samples[0].streams.advantages[t], 2 + golden["advantages"][t].get<double>(), 1e-6);
    }
  }
}

}  // namespace
}  // namespace deepscaler
