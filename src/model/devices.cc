// Every kind of device: the one place that knows them all.
#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"
#include "model/cpu_pass.h"
#include "model/device.h"

namespace deepscaler {
namespace {

constexpr DeviceKind kKinds[] = {{"cpu", cpu_device}};

const DeviceKind* chosen = kKinds;

}  // namespace

std::span<const DeviceKind> device_kinds() { return kKinds; }

const Device& default_device() { return chosen->get(); }

void use_device(std::string_view name) {
  std::vector<std::string> names;
  for (const DeviceKind& kind : kKinds) {
    if (kind.name == name) {
      chosen = &kind;
      return;
    }
    names.emplace_back(kind.name);
  }
  throw Error("device", fmt::format("there is no device \"{}\"", name), suggest_name(name, names));
}

}  // namespace deepscaler
