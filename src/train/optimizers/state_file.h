// The state of an optimizer whose arrays are not laid out like gradients (train/optimizers/parameter_file.h):
// as they lie in memory, one tensor each, in a safetensors file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "train/optimizers/optimizer.h"

namespace deepscaler {

struct StateArray {
  std::string name;
  std::string type;            // "F32", "BF16" or "U8"
  std::span<std::byte> bytes;  // the caller's
};

template <class T>
[[nodiscard]] StateArray state_array(std::string name, std::string type, std::span<T> numbers) {
  return {std::move(name), std::move(type), std::as_writable_bytes(numbers)};
}

// Writes the arrays, a hash of them, and the number of steps after which they are as they are. Throws Error.
void save_state(const std::filesystem::path& path, const std::vector<StateArray>& arrays, int64_t steps);

// Fills in the arrays and returns the number of steps. Throws Error for an array that is missing or of
// another type or size, and for bytes that are not those that were saved.
[[nodiscard]] int64_t load_state(const std::filesystem::path& path, const std::vector<StateArray>& arrays);

// An optimizer whose whole state is some arrays and the number of its steps.
class StateOptimizer : public Optimizer {
 public:
  void save(const std::filesystem::path& path) const final { save_state(path, arrays(), steps_); }
  void load(const std::filesystem::path& path) final { steps_ = load_state(path, arrays()); }
  [[nodiscard]] int64_t steps() const final { return steps_; }

 protected:
  // To be read by save() and filled in by load().
  [[nodiscard]] virtual std::vector<StateArray> arrays() const = 0;

  int64_t steps_ = 0;
};

}  // namespace deepscaler
