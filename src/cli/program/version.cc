#include "cli/program/version.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "model/device.h"
#include "ops/kernel_target.h"
#include "verify/version.h"

namespace deepscaler {

std::string version_text() {
  std::vector<std::string_view> devices;
  for (const DeviceKind& kind : device_kinds()) devices.push_back(kind.name);
  return fmt::format("deepscaler {}\ncommit    {}\nverifier  {}\nkernels   {}\ndevices   {}",
                     DEEPSCALER_VERSION, commit(), verifier_version(),
                     fmt::join(available_kernel_targets(), ", "), fmt::join(devices, ", "));
}

}  // namespace deepscaler
