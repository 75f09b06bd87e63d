// How the output of a matrix product is cut into tasks for the threads: ranges of rows times ranges of
// panels.
#pragma once

#include <cstdint>

#include "base/parallel.h"

namespace deepscaler {

// Part of the output of a product.
struct ProductTask {
  int64_t first_row, rows, first_panel, panels;
};

class ProductTasks {
 public:
  // Cuts an output of rows x panels, panels > 0. A task has at most most_rows rows, rounded up to a multiple
  // of row_unit.
  ProductTasks(int64_t rows, int64_t panels, int64_t most_rows, int64_t row_unit);

  // Calls body(task, following) on the threads, once for every part of the output. `following` is the task
  // that this thread takes next if all threads are equally fast. It has no panels where none is left.
  template <class Body>
  void run(const Body& body) const {
    parallel_for(count(), [&](int64_t i) { body(task(i), task(i + thread_count())); });
  }

  [[nodiscard]] int64_t count() const;
  // Task number i. From count() on it has no panels.
  [[nodiscard]] ProductTask task(int64_t i) const;

 private:
  [[nodiscard]] int64_t level_panel_block() const;

  int64_t rows_, panels_;
  int64_t row_block_, row_tasks_;
  int64_t panel_block_;
};

}  // namespace deepscaler
