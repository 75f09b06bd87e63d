#include "eval/suite.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

// So many problems, in the form of DeepScaleR's files.
std::string problems(int64_t count) {
  auto records = nlohmann::json::array();
  for (int64_t i = 0; i < count; ++i)
    records.push_back({{"problem", fmt::format("{} + 1?", i)}, {"answer", i + 1}});
  return records.dump();
}

std::string said(const std::function<void()>& work) {
  testing::internal::CaptureStderr();
  work();
  return testing::internal::GetCapturedStderr();
}

TEST(Suite, TakesTheFilesThatAreThereAndSaysWhichAreNot) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "aime.json", problems(30));
  write_file_atomically(folder / "math500.json", problems(3));
  write_file_atomically(folder / "train.json", problems(5));
  std::vector<Problem> found;
  const std::string log = said([&] { found = suite_problems(find_suite("math"), folder.path()); });
  EXPECT_EQ(found.size(), 33u);
  const auto sets = sets_of(found);
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_EQ(sets[0].name, "AIME 2024");
  EXPECT_EQ(sets[1].name, "MATH-500");
  EXPECT_NE(log.find("AIME 2024: 30 problems of"), std::string::npos) << log;
  EXPECT_NE(log.find("MATH-500 has 500 problems, and"), std::string::npos) << log;
  EXPECT_NE(log.find("AIME 2025 (aime25.json)"), std::string::npos) << log;
  EXPECT_EQ(log.find("train.json"), std::string::npos) << log;
}

TEST(Suite, RefusesAnUnknownNameAndAFolderWithoutItsFiles) {
  const auto message = [](const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message([] { (void)find_suite("maths"); }),
            "--suite: there is no suite maths; did you mean \"math\"?");
  const TemporaryFolder folder;
  const std::string refused = message([&] { (void)suite_problems(find_suite("math"), folder.path()); });
  EXPECT_EQ(refused.find(folder.path().string() +
                         ": has no file of the suite math; put there what you have of AIME 2024 "
                         "(aime24.json), AIME 2025"),
            0u)
      << refused;
}

TEST(Suite, NoTwoBenchmarksTakeTheSameFile) {
  std::vector<std::string_view> files;
  for (const Benchmark& benchmark : find_suite("math").benchmarks) {
    for (const std::string_view file : benchmark.files) {
      EXPECT_EQ(std::ranges::count(files, file), 0) << file;
      files.push_back(file);
    }
  }
}

}  // namespace
}  // namespace deepscaler
