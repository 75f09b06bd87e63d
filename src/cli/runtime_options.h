// How to compute: options that every command which runs a model has.
#pragma once

#include <cstdint>
#include <string>

#include "model/model.h"

namespace CLI {
class App;
}

namespace deepscaler {

struct RuntimeOptions {
  int threads = 0;  // 0: one per core
  std::string device = "cpu";
  std::string kernels = "auto";
};

void add_runtime_options(CLI::App& command, RuntimeOptions& options);

// Puts the options into force and lets Ctrl-C stop the work in order. Throws Error.
void apply(const RuntimeOptions& options);

// What computes, for people: "f32, avx512 kernels, 2 threads".
[[nodiscard]] std::string computation_text(ComputeType dtype);

// --dtype: the precision of the computation, f32 as in training unless asked otherwise.
void add_dtype(CLI::App& command, std::string& dtype);

// Has the model compute as --dtype says, and says so: the first line on the screen.
void compute_in(Model& model, const std::string& dtype, const std::string& path);

// Options of commands that generate.
struct GenerationMemory {
  int64_t kv_memory_mib = 2048;
  std::string dtype = "f32";
};
void add_generation_memory(CLI::App& command, GenerationMemory& options);

}  // namespace deepscaler
