// Threads, device and kernels of a command, put into force.
#pragma once

namespace deepscaler {

struct RuntimeOptions;

// Throws Error. Signals are left as they are; apply() of cli/runtime_options.h does both.
void use_computation(const RuntimeOptions& options);

}  // namespace deepscaler
