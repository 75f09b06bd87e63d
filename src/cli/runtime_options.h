// How to compute: options that every command which runs a model has.
#pragma once

#include <cstdint>
#include <string>

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

// --dtype: the precision of the computation.
void add_dtype(CLI::App& command, std::string& dtype);

// Options of commands that generate.
struct GenerationMemory {
  int64_t kv_memory_mib = 2048;
  std::string dtype = "auto";
};
void add_generation_memory(CLI::App& command, GenerationMemory& options);

}  // namespace deepscaler
