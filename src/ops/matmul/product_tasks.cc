#include "ops/matmul/product_tasks.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/integer.h"
#include "ops/matmul/tile_kernel.h"

namespace deepscaler {
namespace {

// Some tasks a thread level out what the machine's other work disturbs.
constexpr int64_t kTasksPerThread = 4;
// Panels of a task at most: 1.1 MiB of a block of 768 steps.
constexpr int64_t kMostPanels = 24;

}  // namespace

ProductTasks::ProductTasks(int64_t rows, int64_t panels, int64_t most_rows, int64_t row_unit)
    : rows_(rows), panels_(panels) {
  DEEPSCALER_CHECK(panels > 0 && rows >= 0);
  const int64_t fewest = std::max<int64_t>(1, ceil_div(rows, most_rows));
  row_block_ = std::max(row_unit, round_up(ceil_div(rows, fewest), row_unit));
  row_tasks_ = std::max<int64_t>(1, ceil_div(rows, row_block_));
  panel_block_ = level_panel_block();
}

// Of the widths that give about as many tasks as wanted, the one that leaves the busiest thread the least: in
// threes, as wide as the widest tile.
int64_t ProductTasks::level_panel_block() const {
  const int64_t wanted =
      std::max(ceil_div(kTasksPerThread * thread_count(), row_tasks_), ceil_div(panels_, kMostPanels));
  int64_t best = panels_, least = std::numeric_limits<int64_t>::max();
  for (int64_t tasks = wanted; tasks <= 2 * wanted; ++tasks) {
    const int64_t block = std::min(panels_, round_up(ceil_div(panels_, tasks), TileKernels::kPanelLimit));
    const int64_t busiest = ceil_div(row_tasks_ * ceil_div(panels_, block), thread_count()) * block;
    if (busiest >= least) continue;
    least = busiest;
    best = block;
  }
  return best;
}

int64_t ProductTasks::count() const { return row_tasks_ * ceil_div(panels_, panel_block_); }

// Rows change first, so that threads meet the same panels while these are near.
ProductTask ProductTasks::task(int64_t i) const {
  const int64_t row = i % row_tasks_ * row_block_, panel = std::min(i / row_tasks_ * panel_block_, panels_);
  return {row, std::min(row_block_, rows_ - row), panel, std::min(panel_block_, panels_ - panel)};
}

}  // namespace deepscaler
