#include "generate/generation_settings.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "generate/tiny_generation_test.h"

namespace deepscaler {
namespace {

// What is not written down would let a file go on with other settings.
TEST(GenerationSettings, EverySettingIsWrittenDown) {
  const TinyGeneration tiny;
  const auto text = [&](const GenerationSettings& settings) {
    return settings_of_lines(settings, tiny.engine.model(), tiny.encoder).dump();
  };
  std::set<std::string> texts = {text({})};
  size_t changes = 0;
  const auto expect_written = [&](const GenerationSettings& changed, std::string_view name) {
    ++changes;
    EXPECT_TRUE(texts.insert(text(changed)).second) << name << " is not written down";
  };
  GenerationSettings settings;
  for_each_setting(settings.options.sampling, [&](std::string_view name, auto& value) {
    const auto before = value;
    value = static_cast<std::remove_reference_t<decltype(value)>>(value == 0 ? 1 : value / 2);
    expect_written(settings, name);
    value = before;
  });
  EXPECT_EQ(changes, 6u);
  GenerationSettings seed, stop, bias;
  seed.options.seed = 1;
  stop.stop = {"x"};
  bias.logit_bias = {"1=2.50"};
  expect_written(seed, "seed");
  expect_written(stop, "stop");
  expect_written(bias, "logit_bias");
  EXPECT_NE(text(bias).find("\"logit_bias\":[\"1=2.50\"]"), std::string::npos) << "to the letter";
}

TEST(GenerationSettings, WhatIsOffIsLeftOut) {
  const TinyGeneration tiny;
  const auto json = settings_of_lines({}, tiny.engine.model(), tiny.encoder);
  EXPECT_EQ(json["sampling"].dump(), R"({"max_tokens":256,"seed":0})");
  EXPECT_EQ(json["model"], tiny.engine.model().hash());
  EXPECT_EQ(json["dtype"], "f32");
  EXPECT_FALSE(json.contains("date")) << "no chat template asks";
}

}  // namespace
}  // namespace deepscaler
