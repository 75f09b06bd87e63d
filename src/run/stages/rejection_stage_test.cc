#include "run/stages/rejection_stage.h"

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "run/digits_test.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A cold start, a stage of kind "rejection", and a stage that learns what was kept.
class RejectionStageTest : public DigitsTest {
 protected:
  [[nodiscard]] Recipe recipe(const std::vector<std::string>& overrides = {}) const {
    return recipe_of(fmt::format(R"(
output.save_every = 40
[[stage]]
kind = "sft"
name = "cold start"
steps = 40
data.files = ["{0}"]
optimizer.lr = 1e-2
[[stage]]
kind = "rejection"
name = "samples"
problems_per_step = 3
samples_per_problem = 4
sampling.max_response_tokens = 12
data.files = ["{0}"]
[[stage]]
kind = "sft"
name = "student"
start = "recipe"
steps = 2
data.from = "stage samples"
)",
                                 problems().string()),
                     overrides);
  }
  void run(const fs::path& run, const std::vector<std::string>& overrides = {},
           std::optional<int64_t> last_step = {}) const {
    (void)run_recipe(recipe(overrides), run, {.last_step = last_step});
  }
  // The data set.
  static std::string kept(const fs::path& run) { return read_file(run / "outputs" / "02-samples.jsonl"); }
  static std::vector<json> lines(const std::string& text) {
    std::vector<json> all;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) all.push_back(json::parse(line));
    return all;
  }
  // Why the data set is without a sample; empty for one of it.
  static std::string reason_of(const json& sample) {
    for (const auto& [name, value] : sample["rewards"].items()) {
      if (name.starts_with("rejected/")) return name.substr(9);
    }
    return "";
  }
  // The samples of the stage's steps, whose numbers in the run are 41 to 43.
  static std::vector<json> samples(const fs::path& run) {
    std::vector<json> all;
    for (int step = 41; step <= 43; ++step) {
      for (json& line : lines(read_file(run / "rollouts" / fmt::format("step-{:06}.jsonl", step))))
        all.push_back(std::move(line));
    }
    return all;
  }
};

TEST_F(RejectionStageTest, EverySampleIsKeptOrHasAReason) {
  run(folder_ / "run");
  std::map<std::string, std::vector<std::string>> traces;
  std::map<std::string, int64_t> reasons, counted;
  for (const json& sample : samples(folder_ / "run")) {
    const std::string reason = reason_of(sample);
    if (reason.empty())
      traces[sample["id"]].push_back(sample["text"]);
    else
      ++reasons[reason];
    EXPECT_EQ(reason.empty(), sample["rewards"]["accuracy"] == 1 && sample["finish_reason"] != "length");
  }
  EXPECT_GT(reasons["wrong"] + reasons["truncated"], 0);
  ASSERT_FALSE(traces.empty());
  std::map<std::string, std::vector<std::string>> written;
  for (const json& record : lines(kept(folder_ / "run"))) written[record["id"]] = record["generations"];
  EXPECT_EQ(written, traces);
  int64_t responses = 0;
  for (const json& step : steps_with("kept", folder_ / "run")) {
    responses += step["kept"].get<int64_t>();
    for (const auto& [key, value] : step.items()) {
      if (!key.starts_with("rejected/")) continue;
      counted[key.substr(9)] += value.get<int64_t>();
      responses += value.get<int64_t>();
    }
  }
  EXPECT_EQ(responses, 8 * 4);
  std::erase_if(reasons, [](const auto& reason) { return reason.second == 0; });
  EXPECT_EQ(counted, reasons);
}

TEST_F(RejectionStageTest, AKilledRunAndOtherThreadsEndInTheSameBytes) {
  run(folder_ / "whole");
  set_thread_count(1);
  run(folder_ / "run", {"output.save_every=1"}, 42);  // after which nothing is saved
  run(folder_ / "run", {"output.save_every=1"});
  EXPECT_EQ(kept(folder_ / "run"), kept(folder_ / "whole"));
  EXPECT_EQ(log(folder_ / "run"), log(folder_ / "whole"));
  EXPECT_EQ(samples(folder_ / "run"), samples(folder_ / "whole"));
}

TEST_F(RejectionStageTest, SettingsActAndWeightsStay) {
  run(folder_ / "run", {"stage.1.keep.most_per_problem=1"});
  for (const json& record : lines(kept(folder_ / "run"))) EXPECT_EQ(record["generations"].size(), 1u);
  const std::vector<json> log = metrics(folder_ / "run");
  EXPECT_EQ(log[39]["weights"], log[42]["weights"]);
  // An earlier stage by its name samples what the policy does, which is the same model.
  run(folder_ / "named", {"stage.1.model=\"stage cold start\"", "stage.1.keep.most_per_problem=1"});
  EXPECT_EQ(kept(folder_ / "named"), kept(folder_ / "run"));
  EXPECT_THROW(run(folder_ / "none", {"stage.1.keep.least_tokens=99"}), Error);
}

}  // namespace
}  // namespace deepscaler
