#include "generate/missing_samples.h"

#include <utility>
#include <vector>

#include "base/log.h"

namespace deepscaler {

void warn_of_equal_samples(std::string_view where, float temperature, int64_t samples) {
  if (temperature != 0 || samples == 1) return;
  log_warning("{}: at temperature 0 all {} samples of a problem are the same; one says as much", where,
              samples);
}

void generate_missing(Generator& generator, const SampleBatch& batch, const GenerationOptions& options,
                      const std::function<void(SampleName, Generation&&)>& on_finished,
                      const Generator::OnTokens& on_tokens) {
  std::vector<GenerationRequest> requests;
  std::vector<int64_t> item_of_request;
  for (int64_t item = 0; item < batch.items; ++item) {
    std::vector<int64_t> missing;
    for (int64_t sample = 0; sample < batch.samples; ++sample) {
      if (!batch.has({item, sample})) missing.push_back(sample);
    }
    if (missing.empty()) continue;
    GenerationRequest request = batch.request(item);
    request.samples = std::ssize(missing);
    request.sample_numbers = std::move(missing);
    requests.push_back(std::move(request));
    item_of_request.push_back(item);
  }
  generator.generate(
      requests, options,
      [&](int64_t request, int64_t sample, Generation&& generation) {
        const auto r = static_cast<size_t>(request), s = static_cast<size_t>(sample);
        on_finished({item_of_request[r], requests[r].sample_numbers[s]}, std::move(generation));
      },
      on_tokens);
}

}  // namespace deepscaler
