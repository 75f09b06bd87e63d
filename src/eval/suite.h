// Suites: benchmarks that papers report together, with the protocol that they are sampled by, so that two
// tables of them mean the same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/problem.h"
#include "eval/settings.h"

namespace deepscaler {

struct Benchmark {
  std::string_view name;                // of its row
  std::vector<std::string_view> files;  // names that its file has, without .json or .jsonl
  int64_t problems = 0;
  std::string_view source;  // where its problems are published: a hub data set, or the contest
};

struct Suite {
  std::string_view name;
  std::vector<Benchmark> benchmarks;
  EvalConfig protocol;
};

// The suite of that name. Throws Error naming those there are.
[[nodiscard]] const Suite& find_suite(std::string_view name);

// The problems of the suite's benchmarks whose files are in the folder, with the benchmark's name as their
// source. Says on the log which file is which benchmark, which are missing, and where a file has another
// number of problems than its benchmark. Throws Error where there is no file of the suite.
[[nodiscard]] std::vector<Problem> suite_problems(const Suite& suite, const std::filesystem::path& folder);

}  // namespace deepscaler
