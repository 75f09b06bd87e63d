#include "ops/kernel_target.h"

#include <fmt/ranges.h>
#include <hwy/targets.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace deepscaler {
namespace {

constexpr int64_t kAvx512 = HWY_AVX3 | HWY_AVX3_DL;

struct Target {
  const char* name;
  int64_t bits;      // the Highway targets that go by this name
  bool native_bf16;  // with the instruction that Highway does not know
};

constexpr std::array kTargets = {Target{"avx512bf16", kAvx512, true}, Target{"avx512", kAvx512, false},
                                 Target{"avx2", HWY_AVX2, false},
                                 Target{"baseline", HWY_STATIC_TARGET, false}};

bool native_bf16_allowed = true;

bool detect_native_bf16() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16") && native_bf16_allowed && (hwy::SupportedTargets() & kAvx512);
}

// Every product asks, and on a virtual machine each look at the CPU is a trip to its host.
bool& native_bf16() {
  static bool is_native = detect_native_bf16();
  return is_native;
}

std::vector<std::string> names_of(int64_t supported, bool native_bf16) {
  std::vector<std::string> names;
  for (const Target& target : kTargets) {
    if ((supported & target.bits) && (native_bf16 || !target.native_bf16)) names.emplace_back(target.name);
  }
  return names;
}

}  // namespace

bool bf16_is_native() { return native_bf16(); }

bool bf16_is_fast() {
  __builtin_cpu_init();
  return bf16_is_native() && __builtin_cpu_is("amd");
}

std::string kernel_target() { return names_of(hwy::SupportedTargets(), bf16_is_native()).front(); }

std::vector<std::string> available_kernel_targets() {
  const std::string current = kernel_target();
  force_kernel_target("auto");
  auto names = names_of(hwy::SupportedTargets(), bf16_is_native());
  force_kernel_target(current);
  return names;
}

void force_kernel_target(std::string_view name) {
  hwy::SetSupportedTargetsForTest(0);  // back to what the CPU has
  native_bf16_allowed = true;
  const int64_t supported = hwy::SupportedTargets();
  if (name != "auto") {
    const auto names = names_of(supported, detect_native_bf16());
    if (std::ranges::find(names, name) == names.end()) {
      throw Error("kernels", fmt::format("this CPU has no kernel target '{}'", name),
                  fmt::format("use one of: auto, {}", fmt::join(names, ", ")));
    }
    const Target& target = *std::ranges::find(kTargets, name, &Target::name);
    native_bf16_allowed = target.native_bf16;
    // The baseline stays in the set: Highway falls back to it where a kernel lacks the target.
    hwy::SetSupportedTargetsForTest((supported & target.bits) | HWY_STATIC_TARGET);
  }
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  native_bf16() = detect_native_bf16();
}

}  // namespace deepscaler
