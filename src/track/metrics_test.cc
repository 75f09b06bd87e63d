#include "track/metrics.h"

#include <gtest/gtest.h>

#include <set>

#include "track/console.h"

namespace deepscaler {
namespace {

TEST(Metrics, TableIsWhole) {
  std::set<std::string_view> names;
  for (const auto& metric : metric_table()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_FALSE(metric.formula.empty() || metric.unit.empty() || metric.over.empty()) << metric.name;
  }
}

TEST(Metrics, PatternsStandForOneWord) {
  ASSERT_NE(find_metric("rewards/accuracy/mean"), nullptr);
  EXPECT_EQ(find_metric("rewards/accuracy/mean")->name, "rewards/{name}/mean");
  EXPECT_EQ(find_metric("rewards//mean"), nullptr);
  EXPECT_EQ(find_metric("rewards/a/b/mean"), nullptr);
  EXPECT_EQ(find_metric("rewards/accuracy"), nullptr);
  EXPECT_EQ(find_metric("losses"), nullptr);
}

TEST(Metrics, KeepOrderAndReplace) {
  Metrics metrics, more;
  metrics.set("loss", 1);
  metrics.set("kl", 2);
  more.set("loss", 3);
  metrics.add(more);
  EXPECT_EQ(metrics.all(), (std::vector<std::pair<std::string, double>>{{"loss", 3}, {"kl", 2}}));
  EXPECT_EQ(metrics.get("reward"), std::nullopt);
}

TEST(Metrics, FloatsHaveTheDigitsThatWereWritten) {
  EXPECT_EQ(as_written(1e-4f), 1e-4);
  EXPECT_EQ(as_written(2e-5f), 2e-5);
  EXPECT_EQ(as_written(0), 0);
  EXPECT_EQ(as_written(-1.5f), -1.5);
  EXPECT_EQ(static_cast<float>(as_written(7.2345678e-6f)), 7.2345678e-6f);
}

TEST(MetricsDeathTest, UnknownNameIsOurFault) {
  Metrics metrics;
  EXPECT_DEATH(metrics.set("losss", 1), "the metric losss is not in the table");
}

TEST(Console, ShowsWhatMattersInItsOrder) {
  Metrics metrics;
  metrics.set("reward", 0.6251);
  metrics.set("stage", 1);
  metrics.set("loss", -0.00012);
  EXPECT_EQ(headline_figures(metrics),
            (std::vector<std::pair<std::string, std::string>>{{"loss", "-0.0001"}, {"reward", "0.625"}}));
  metrics.set("reward", 2e300);
  EXPECT_EQ(headline_figures(metrics)[1].second, "2e+300");
}

}  // namespace
}  // namespace deepscaler
