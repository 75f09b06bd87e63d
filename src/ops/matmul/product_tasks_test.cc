#include "ops/matmul/product_tasks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/parallel.h"

namespace deepscaler {
namespace {

class ProductTasksTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_thread_count(GetParam()); }
  void TearDown() override { set_thread_count(0); }
};
INSTANTIATE_TEST_SUITE_P(Threads, ProductTasksTest, testing::Values(1, 2, 5));

struct Shape {
  int64_t rows, panels;
};
constexpr std::array kShapes = {Shape{0, 1},     Shape{1, 1},    Shape{8, 36},   Shape{32, 60},
                                Shape{64, 192},  Shape{500, 97}, Shape{512, 60}, Shape{768, 192},
                                Shape{2048, 36}, Shape{64, 3072}};

TEST_P(ProductTasksTest, CoverEachPartOfTheOutputOnce) {
  for (const auto& [rows, panels] : kShapes) {
    const ProductTasks tasks(rows, panels, 256, 8);
    std::vector<int> covered(static_cast<size_t>(rows * panels));
    for (int64_t i = 0; i < tasks.count(); ++i) {
      const ProductTask task = tasks.task(i);
      EXPECT_LE(task.rows, 256);
      for (int64_t row = task.first_row; row < task.first_row + task.rows; ++row) {
        for (int64_t panel = task.first_panel; panel < task.first_panel + task.panels; ++panel) {
          ++covered[static_cast<size_t>(row * panels + panel)];
        }
      }
    }
    EXPECT_TRUE(std::ranges::all_of(covered, [](int times) { return times == 1; })) << rows << " " << panels;
    EXPECT_EQ(tasks.task(tasks.count()).panels, 0);
  }
}

// As long as there is enough to share, no thread has a tenth more than its share if they take tasks in turns.
TEST_P(ProductTasksTest, AreLevel) {
  for (const auto& [rows, panels] : kShapes) {
    if (rows * panels < 1000 * thread_count()) continue;
    const ProductTasks tasks(rows, panels, 256, 8);
    std::vector<int64_t> work(static_cast<size_t>(thread_count()));
    for (int64_t i = 0; i < tasks.count(); ++i) {
      const ProductTask task = tasks.task(i);
      work[static_cast<size_t>(i % thread_count())] += task.rows * task.panels;
    }
    EXPECT_LE(std::ranges::max(work) * thread_count(), rows * panels * 11 / 10) << rows << " " << panels;
  }
}

TEST_P(ProductTasksTest, NameTheTaskThatFollows) {
  const ProductTasks tasks(512, 60, 256, 8);
  std::vector<ProductTask> following(static_cast<size_t>(tasks.count()));
  tasks.run([&](const ProductTask& task, const ProductTask& next) {
    for (int64_t i = 0; i < tasks.count(); ++i) {
      const ProductTask numbered = tasks.task(i);
      if (numbered.first_row == task.first_row && numbered.first_panel == task.first_panel) {
        following[static_cast<size_t>(i)] = next;
      }
    }
  });
  for (int64_t i = 0; i < tasks.count(); ++i) {
    const ProductTask expected = tasks.task(i + thread_count()), &found = following[static_cast<size_t>(i)];
    EXPECT_EQ(found.panels, expected.panels);
    EXPECT_EQ(found.first_panel, expected.first_panel);
  }
}

}  // namespace
}  // namespace deepscaler
