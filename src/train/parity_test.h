// How tests compare with the parameters and gradients of PyTorch: read from a golden, ||a - b|| / ||b||.
#pragma once

#include <cmath>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "formats/safetensors.h"
#include "model/parameters.h"

namespace deepscaler {

// The values of a tensor in F32.
inline std::vector<float> golden_floats(const SafetensorsFile& file, const std::string& name) {
  const StoredTensor* tensor = file.tensors().find(name);
  if (tensor == nullptr) throw std::runtime_error("no golden " + name);
  std::vector<float> values(tensor->bytes.size() / sizeof(float));
  std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
  return values;
}

inline double relative_error(std::span<const float> values, std::span<const float> expected) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(static_cast<double>(values[i]) - expected[i], 2);
    norm += std::pow(static_cast<double>(expected[i]), 2);
  }
  return std::sqrt(difference / norm);
}

// A parameter, or its gradient, in rows as PyTorch has them.
inline std::vector<float> rows_of(const ParameterInfo& info, const float* values) {
  Matrix rows(info.rows, info.cols);
  read_parameter(info, values, rows.view());
  return {rows.data(), rows.data() + rows.size()};
}

}  // namespace deepscaler
