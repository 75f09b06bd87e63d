#include "ops/kernel_target.h"

#include <fmt/ranges.h>
#include <hwy/targets.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace deepscaler {
namespace {

struct Target {
  const char* name;
  int64_t bits;  // the Highway targets that go by this name
};

constexpr std::array kTargets = {Target{"avx512", HWY_AVX3 | HWY_AVX3_DL}, Target{"avx2", HWY_AVX2},
                                 Target{"baseline", HWY_STATIC_TARGET}};

std::vector<std::string> names_of(int64_t supported) {
  std::vector<std::string> names;
  for (const Target& target : kTargets) {
    if (supported & target.bits) names.emplace_back(target.name);
  }
  return names;
}

}  // namespace

std::string kernel_target() { return names_of(hwy::SupportedTargets()).front(); }

std::vector<std::string> available_kernel_targets() {
  const std::string current = kernel_target();
  force_kernel_target("auto");
  auto names = names_of(hwy::SupportedTargets());
  force_kernel_target(current);
  return names;
}

void force_kernel_target(std::string_view name) {
  hwy::SetSupportedTargetsForTest(0);  // back to what the CPU has
  const int64_t supported = hwy::SupportedTargets();
  if (name != "auto") {
    const auto target = std::ranges::find(kTargets, name, &Target::name);
    if (target == kTargets.end() || !(supported & target->bits)) {
      throw Error("kernels", fmt::format("this CPU has no kernel target '{}'", name),
                  fmt::format("use one of: auto, {}", fmt::join(names_of(supported), ", ")));
    }
    // The baseline stays in the set: Highway falls back to it where a kernel lacks the target.
    hwy::SetSupportedTargetsForTest((supported & target->bits) | HWY_STATIC_TARGET);
  }
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace deepscaler
