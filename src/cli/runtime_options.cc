#include "cli/runtime_options.h"

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/signals.h"
#include "cli/computation.h"
#include "cli/flag_checks.h"
#include "model/adapter_file.h"
#include "model/device.h"

namespace deepscaler {
namespace {

// More is nobody's machine.
constexpr int64_t kMostMib = 1 << 30, kMostThreads = 1024;

}  // namespace

void add_runtime_options(CLI::App& command, RuntimeOptions& options) {
  command.add_option("--threads", options.threads, "0 for one per core")
      ->check(whole_number(0, kMostThreads))
      ->capture_default_str();
  std::vector<std::string> devices;
  for (const DeviceKind& kind : device_kinds()) devices.emplace_back(kind.name);
  command.add_option("--device", options.device, "what computes")
      ->check(CLI::IsMember(devices))
      ->capture_default_str();
  command
      .add_option("--kernels", options.kernels, "instruction set: auto, avx512bf16, avx512, avx2 or baseline")
      ->capture_default_str();
}

void use_computation(const RuntimeOptions& options) {
  set_thread_count(options.threads);
  use_device(options.device);
  default_device().use_kernels(options.kernels);
}

void apply(const RuntimeOptions& options) {
  use_computation(options);
  install_stop_signals();
}

std::string computation_text(ComputeType dtype) {
  return fmt::format("{}, {} kernels, {} threads", compute_type_name(dtype), default_device().name(),
                     thread_count());
}

namespace {

std::string advice(const Model& model, const std::string& dtype) {
  const bool slower = model.compute_type() != compute_type_from_name("auto") && dtype == "f32";
  return slower && model.products() == Products::kFloat ? "; --dtype bf16 is faster on this CPU, and rounds"
                                                        : "";
}

}  // namespace

void compute_in(Model& model, const std::string& dtype, const std::string& path) {
  model.compute_in(compute_type_from_name(dtype));
  log_info("model {}: {}{}", path, computation_text(model.compute_type()), advice(model, dtype));
}

void add_precision(CLI::App& command, Precision& precision) {
  add_dtype(command, precision.dtype);
  std::vector<std::string> products = {"auto"};
  for (const BlockKind& kind : block_kinds()) products.emplace_back(kind.name);
  command
      .add_option("--products", precision.products,
                  "of quantized weights: integer (with inputs rounded to eight bits), float (the bits of the "
                  "weights made floats, as training computes), or auto: integer")
      ->check(CLI::IsMember(products))
      ->capture_default_str();
  command
      .add_option(
          "--kv", precision.kv,
          "what keys and values are stored as: q8_0 (eight bits, a quarter of f32), or auto: as --dtype")
      ->check(CLI::IsMember({"auto", "q8_0"}))
      ->capture_default_str();
  command.add_option("--lora", precision.lora,
                     "folder of a LoRA adapter in PEFT's form, which adapts the model");
}

Model load_for_use(const std::string& path, const Precision& precision) {
  Model model = Model::load(path, QuantizedAs::kBlocks);
  if (!precision.lora.empty() && model.base()) {
    throw Error("--lora", fmt::format("{} is an adapter already", path), "name its base as the model");
  }
  if (!precision.lora.empty()) model = load_adapter_over(std::move(model), precision.lora);
  if (!model.is_quantized() && precision.products == "integer") {
    throw Error("--products", fmt::format("{} has no quantized matrices", path),
                "leave the option out, or name a GGUF file that is quantized");
  }
  const bool integer = model.is_quantized() && precision.products != "float";
  model.compute_in(compute_type_from_name(precision.dtype), integer ? Products::kInteger : Products::kFloat);
  if (precision.kv == "q8_0") model.store_keys_values_in_q8();
  std::string how;
  if (model.is_quantized()) how += fmt::format("quantized, {} products, ", products_name(model.products()));
  how += computation_text(model.compute_type());
  if (model.base()) how += fmt::format(", with an adapter of rank {}", model.lora().rank);
  if (model.stores_keys_values_in_q8()) how += ", keys and values in q8_0";
  log_info("model {}: {}{}", path, how, advice(model, precision.dtype));
  return model;
}

void add_generation_memory(CLI::App& command, GenerationMemory& options) {
  command
      .add_option("--kv-memory", options.kv_memory_mib,
                  "MiB for keys and values; less is slower, not different")
      ->check(whole_number(1, kMostMib))
      ->capture_default_str();
  add_precision(command, options.precision);
}

void add_dtype(CLI::App& command, std::string& dtype) {
  command
      .add_option("--dtype", dtype,
                  "what products compute in: f32, bf16, or auto (bf16 where the CPU is faster at it)")
      ->check(CLI::IsMember({"auto", "f32", "bf16"}))
      ->capture_default_str();
}

}  // namespace deepscaler
