#include "base/parallel.h"

#include <omp.h>

#include "base/error.h"

namespace deepscaler {
namespace {
int configured_threads = 0;
}

void set_thread_count(int threads) {
  DEEPSCALER_CHECK(threads >= 0, "{} threads", threads);
  configured_threads = threads;
}

int thread_count() { return configured_threads > 0 ? configured_threads : omp_get_num_procs(); }

}  // namespace deepscaler
