#include "generate/missing_samples.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "generate/tiny_generation_test.h"

namespace deepscaler {
namespace {

using Samples = std::map<SampleName, Generation>;

TEST(MissingSamples, AreTheOnesOfAWholeBatch) {
  TinyGeneration tiny;
  const auto prompts = tiny.prompts({"1 + 1", "7", "x"});
  std::set<int64_t> asked;
  const auto generate = [&](const std::set<SampleName>& there) {
    asked.clear();
    Samples made;
    generate_missing(tiny.engine.generator(),
                     {.items = 3,
                      .samples = 4,
                      .request =
                          [&](int64_t item) {
                            asked.insert(item);
                            const Prompt& prompt = prompts[static_cast<size_t>(item)];
                            return GenerationRequest{.prompt = prompt.tokens, .stream = stream_of(prompt)};
                          },
                      .has = [&](SampleName name) { return there.contains(name); }},
                     {.sampling = {.max_response_tokens = 5}}, [&](SampleName name, Generation&& generation) {
                       EXPECT_TRUE(made.emplace(name, std::move(generation)).second) << "a second time";
                     });
    return made;
  };
  const Samples whole = generate({});
  EXPECT_EQ(whole.size(), 12u);
  const std::set<SampleName> there = {{0, 0}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {1, 3}, {2, 3}};
  const Samples rest = generate(there);
  EXPECT_EQ(asked, (std::set<int64_t>{0, 2})) << "of the second item all is there";
  EXPECT_EQ(rest.size(), 5u);
  for (const auto& [name, generation] : rest) {
    EXPECT_FALSE(there.contains(name));
    EXPECT_EQ(generation.tokens, whole.at(name).tokens);
    EXPECT_EQ(generation.log_probs, whole.at(name).log_probs);
  }
}

}  // namespace
}  // namespace deepscaler
