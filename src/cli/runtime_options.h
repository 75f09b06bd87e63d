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

// How commands use a model as it is, without training: --dtype, --products, --kv and --lora.
struct Precision {
  std::string dtype = "f32";
  std::string products = "auto";  // in integers where the file is quantized
  std::string kv = "auto";        // as dtype
  std::string lora;               // folder of an adapter over the model; empty: none
};
void add_precision(CLI::App& command, Precision& precision);
// Loads a model that is not to be trained: quantized weights stay so. Says how it computes: the first line on
// the screen. Throws Error.
[[nodiscard]] Model load_for_use(const std::string& path, const Precision& precision);

// Options of commands that generate.
struct GenerationMemory {
  int64_t kv_memory_mib = 2048;
  Precision precision;
};
void add_generation_memory(CLI::App& command, GenerationMemory& options);

}  // namespace deepscaler
