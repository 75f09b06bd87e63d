// Requests of which each rank draws some samples: sample after sample goes to the next rank. What a sample
// becomes does not depend on who draws it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "infer/generator.h"

namespace deepscaler {

// A sample of all requests.
struct DealtSample {
  int64_t request;  // its number in the whole list
  int64_t sample;   // its place in that request
  size_t number;    // among those of its rank
};

class DealtRequests {
 public:
  explicit DealtRequests(std::span<const GenerationRequest> requests);

  // All samples of all requests in order, and whose they are.
  [[nodiscard]] const std::vector<DealtSample>& samples() const { return samples_; }
  [[nodiscard]] const std::vector<int64_t>& owners() const { return owners_; }

  // This rank's, as requests of their own, and how many samples those have.
  [[nodiscard]] const std::vector<GenerationRequest>& requests() const { return mine_; }
  [[nodiscard]] size_t pieces() const { return pieces_; }
  // Which sample of all one of these is.
  [[nodiscard]] const DealtSample& piece(int64_t request, int64_t sample) const {
    return samples_[places_[static_cast<size_t>(request)][static_cast<size_t>(sample)]];
  }

 private:
  std::vector<DealtSample> samples_;
  std::vector<int64_t> owners_;
  std::vector<GenerationRequest> mine_;
  std::vector<std::vector<size_t>> places_;  // [request of mine][sample]: in samples_
  size_t pieces_ = 0;
};

// A generation without top log-probabilities as bytes, and back.
[[nodiscard]] std::string to_bytes(const Generation& generation);
[[nodiscard]] Generation generation_from(std::string_view bytes);

}  // namespace deepscaler
