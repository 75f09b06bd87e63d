// What computes: makes the passes of models (model/pass.h) and has a name, which a run's bits belong to.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "model/pass.h"

namespace deepscaler {

class Model;

// What the forward pass keeps for the backward pass.
enum class Recompute {
  kNone,   // everything
  kLayer,  // the input of each layer; the rest is computed again, with the same bits, layer by layer
};

// Thread-safe but for use_kernels().
class Device {
 public:
  virtual ~Device() = default;

  // The instruction set or architecture that computes, "avx512bf16": in manifests, reports and generated
  // lines.
  [[nodiscard]] virtual std::string name() const = 0;
  // Computes with these kernels from now on: a name() of this device, or "auto" for its best. To be called
  // between computations. Throws Error for a name that is unknown or that the machine can't run.
  virtual void use_kernels(std::string_view name) const = 0;

  [[nodiscard]] virtual std::unique_ptr<Pass> make_pass(const Model& model,
                                                        Recompute recompute = Recompute::kNone) const = 0;
};

// A kind of device by the name that --device gives it. The table is in devices.cc.
struct DeviceKind {
  std::string_view name;
  const Device& (*get)();
};
[[nodiscard]] std::span<const DeviceKind> device_kinds();

// What computes where nothing else is said: the first of the table, or what use_device() has chosen. Throws
// Error for an unknown name. Not thread-safe: call use_device() between computations.
[[nodiscard]] const Device& default_device();
void use_device(std::string_view name);

}  // namespace deepscaler
