#include "infer/dealt_requests.h"

#include <cstring>

#include "base/error.h"
#include "comm/ranks.h"

namespace deepscaler {
namespace {

int64_t number_of(const GenerationRequest& request, int64_t sample) {
  return request.sample_numbers.empty() ? sample : request.sample_numbers[static_cast<size_t>(sample)];
}

}  // namespace

DealtRequests::DealtRequests(std::span<const GenerationRequest> requests) {
  std::vector<size_t> counts(static_cast<size_t>(ranks().size()));
  for (int64_t r = 0; r < std::ssize(requests); ++r) {
    const GenerationRequest& request = requests[static_cast<size_t>(r)];
    GenerationRequest mine = request;
    mine.sample_numbers.clear();
    std::vector<size_t> places;
    for (int64_t s = 0; s < request.samples; ++s) {
      const int64_t owner = std::ssize(samples_) % ranks().size();
      if (owner == ranks().rank()) {
        places.push_back(samples_.size());
        mine.sample_numbers.push_back(number_of(request, s));
      }
      samples_.push_back({.request = r, .sample = s, .number = counts[static_cast<size_t>(owner)]++});
      owners_.push_back(owner);
    }
    if (places.empty()) continue;
    mine.samples = std::ssize(places);
    mine_.push_back(std::move(mine));
    places_.push_back(std::move(places));
  }
  pieces_ = counts[static_cast<size_t>(ranks().rank())];
}

std::string to_bytes(const Generation& generation) {
  const auto tokens = generation.tokens.size();
  DEEPSCALER_CHECK(generation.log_probs.size() == tokens);
  std::string bytes(1 + tokens * (sizeof(int32_t) + sizeof(float)), '\0');
  bytes.front() = generation.finish_reason == FinishReason::kStop ? 's' : 'l';
  if (tokens == 0) return bytes;
  std::memcpy(bytes.data() + 1, generation.tokens.data(), tokens * sizeof(int32_t));
  std::memcpy(bytes.data() + 1 + tokens * sizeof(int32_t), generation.log_probs.data(),
              tokens * sizeof(float));
  return bytes;
}

Generation generation_from(std::string_view bytes) {
  const size_t tokens = (bytes.size() - 1) / (sizeof(int32_t) + sizeof(float));
  Generation generation;
  generation.finish_reason = bytes.front() == 's' ? FinishReason::kStop : FinishReason::kLength;
  generation.tokens.resize(tokens);
  generation.log_probs.resize(tokens);
  if (tokens == 0) return generation;
  std::memcpy(generation.tokens.data(), bytes.data() + 1, tokens * sizeof(int32_t));
  std::memcpy(generation.log_probs.data(), bytes.data() + 1 + tokens * sizeof(int32_t),
              tokens * sizeof(float));
  return generation;
}

}  // namespace deepscaler
