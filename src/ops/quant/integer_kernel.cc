#include "ops/quant/integer_kernel.h"

#include <hwy/targets.h>

#include "base/error.h"

namespace deepscaler {
namespace {

constexpr int64_t kAvx512 = HWY_AVX3 | HWY_AVX3_DL;

bool has_vnni() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq");
}

}  // namespace

int integer_format_index(DType dtype) {
  constexpr DType kOrder[] = {DType::kQ4_0, DType::kQ4_1, DType::kQ5_0, DType::kQ5_1,
                              DType::kQ8_0, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K};
  for (int i = 0; i < IntegerKernels::kFormats; ++i) {
    if (kOrder[i] == dtype) return i;
  }
  DEEPSCALER_CHECK(false, "integer products of {}", dtype_name(dtype));
  return 0;
}

const IntegerKernels& integer_kernels() {
  static const bool vnni = has_vnni();
  const int64_t supported = hwy::SupportedTargets();
  if ((supported & kAvx512) && vnni) return vnni_integer_kernels();
  if (supported & (kAvx512 | HWY_AVX2)) return avx2_integer_kernels();
  return scalar_integer_kernels();
}

}  // namespace deepscaler
