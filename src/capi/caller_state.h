// What a program that calls the library may have set for its thread, put aside for the length of a call.
#pragma once

#include <immintrin.h>
#include <locale.h>

#include "base/parallel.h"

namespace deepscaler {

// While it lives, this thread has the C locale and the floating-point mode of base/parallel.h: a verdict is
// the same in a program that rounds upwards or writes 1,5 for 1.5. Then what was before is back.
class CallerState {
 public:
  CallerState() : mode_(_mm_getcsr()), locale_(uselocale(c_locale())) { use_common_float_mode(); }
  CallerState(const CallerState&) = delete;
  CallerState& operator=(const CallerState&) = delete;
  ~CallerState() {
    uselocale(locale_);
    _mm_setcsr(mode_);
  }

 private:
  static locale_t c_locale() {
    static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
    return locale;
  }

  unsigned mode_;
  locale_t locale_;
};

}  // namespace deepscaler
