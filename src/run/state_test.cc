#include "run/state.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace deepscaler {
namespace {

RunState some_state() {
  RunState state{.stage = 1, .stage_step = 7, .step = 19, .trained_tokens = 12345, .evaluated = true};
  state.history = {.pass_at_1 = {0.1, 1.0 / 3}, .clipped_ratio = {0.25, 0}};
  state.carried = {{"entropy", 1.0 / 3}};
  state.stage_ends = {12};
  state.evaluations = {{"00-start", "start"}, {"01-cold-start", "cold start"}, {"step-000018", ""}};
  state.best = {"eval/pass@1", 1.0 / 3, 1, 18};
  state.log = {.metrics_bytes = 4567, .events_bytes = 890};
  return state;
}

TEST(RunState, ComesBackWholeFromItsFile) {
  const auto json = state_json(some_state());
  const RunState back = parse_state(nlohmann::ordered_json::parse(json.dump()), "state.json");
  EXPECT_EQ(state_json(back), json);
  EXPECT_EQ(back.best->value, 1.0 / 3);
  EXPECT_EQ(back.carried.at("entropy"), 1.0 / 3);
  EXPECT_EQ(back.evaluations[2].file, "step-000018");
  EXPECT_FALSE(parse_state(state_json({}), "state.json").best);
}

TEST(RunState, EveryKeyIsNeeded) {
  const auto json = state_json(some_state());
  for (const auto& [key, value] : json.items()) {
    auto without = json;
    without.erase(key);
    try {
      (void)parse_state(without, "state.json");
      ADD_FAILURE() << key;
    } catch (const Error& error) {
      const bool is_newer = key == "models" || key == "carried";
      EXPECT_EQ(std::string(error.what()),
                is_newer ? "state.json: is of an earlier version of the program; go on with that version, or "
                           "begin a new run from its weights"
                         : "state.json: is no state of a run: [json.exception.out_of_range.403] key '" + key +
                               "' not found; the checkpoint is damaged: remove its folder and go on from an "
                               "earlier one");
    }
  }
}

TEST(RunState, TheBestIsTheHighestPassRateOrTheLowestLossOfAStage) {
  RunState state{.step = 1};
  state.offer_best("eval/pass@1", 0.5);
  state.step = 2;
  state.offer_best("eval/pass@1", 0.5);  // not better
  EXPECT_EQ(state.best->step, 1);
  state.stage = 1;  // pass@1 on the same problems compares over stages
  state.offer_best("eval/pass@1", 0.4);
  EXPECT_EQ(state.best->step, 1);

  state.best.reset();
  state.offer_best("eval/loss", 2.0);
  state.step = 3;
  state.offer_best("eval/loss", 1.5);
  EXPECT_EQ(state.best->step, 3);
  state.stage = 2;  // another stage has other examples
  state.step = 4;
  state.offer_best("eval/loss", 9.0);
  EXPECT_EQ(state.best->step, 4);
}

}  // namespace
}  // namespace deepscaler
