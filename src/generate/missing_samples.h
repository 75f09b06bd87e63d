// Samples of many items (prompts, problems), those that are not there yet: what a batch job generates,
// whether it begins or goes on.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string_view>

#include "infer/generator.h"

namespace deepscaler {

struct SampleName {
  int64_t item = 0;  // its place in the input
  int64_t sample = 0;
  auto operator<=>(const SampleName&) const = default;
};

struct SampleBatch {
  int64_t items = 0;
  int64_t samples = 1;  // of an item
  // An item's prompt, its stream of random numbers and its name in errors; not its samples.
  std::function<GenerationRequest(int64_t item)> request;
  std::function<bool(SampleName)> has;  // whether a sample is there
};

// Warns where several samples of an item would be equal: at temperature 0. `where` is what asks for them.
void warn_of_equal_samples(std::string_view where, float temperature, int64_t samples);

// Generates every sample of the batch that is not there. A sample's tokens depend on its prompt, its stream
// and its number alone, so they are those of a batch that was never stopped. `on_finished` is called from
// this thread as each ends. Throws as Generator::generate does.
void generate_missing(Generator& generator, const SampleBatch& batch, const GenerationOptions& options,
                      const std::function<void(SampleName, Generation&&)>& on_finished,
                      const Generator::OnTokens& on_tokens = {});

}  // namespace deepscaler
