#include "eval/suite.h"

#include <fmt/ranges.h>

#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/nearest.h"
#include "data/problem_set.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// 16 samples at 0.6 and 0.95 are DeepScaleR's and R1's protocol.
constexpr EvalConfig kPassAt1Of16 = {
    .samples = 16, .sampling = {.temperature = 0.6f, .top_p = 0.95f, .max_response_tokens = 32768}};

const std::vector<Suite>& suites() {
  static const std::vector<Suite> kSuites = {
      {.name = "math",
       .benchmarks =
           {{"AIME 2024", {"aime24", "aime_2024", "aime2024", "aime"}, 30, "HuggingFaceH4/aime_2024"},
            {"AIME 2025", {"aime25", "aime_2025", "aime2025"}, 30, "opencompass/AIME2025"},
            {"AIME 2026", {"aime26", "aime_2026", "aime2026"}, 30, "the contests of February 2026"},
            {"AMC 2023", {"amc23", "amc_2023", "amc2023"}, 40, "math-ai/amc23"},
            {"AMC 2022-2023", {"amc"}, 83, "AI-MO/aimo-validation-amc"},
            {"MATH-500", {"math500", "math_500", "math-500", "math"}, 500, "HuggingFaceH4/MATH-500"},
            {"Minerva Math", {"minerva", "minerva_math"}, 272, "math-ai/minervamath"},
            {"OlympiadBench", {"olympiad_bench", "olympiadbench", "olympiad"}, 675, "Hothan/OlympiadBench"},
            {"HMMT February 2025", {"hmmt25", "hmmt_feb_2025", "hmmt"}, 30, "MathArena/hmmt_feb_2025"},
            {"BRUMO 2025", {"brumo25", "brumo_2025", "brumo"}, 30, "MathArena/brumo_2025"}},
       .protocol = kPassAt1Of16},
  };
  return kSuites;
}

std::optional<fs::path> file_of(const Benchmark& benchmark, const fs::path& folder) {
  for (const std::string_view name : benchmark.files) {
    for (const char* ending : {".json", ".jsonl"}) {
      const fs::path file = folder / (std::string(name) + ending);
      std::error_code ignored;
      if (fs::is_regular_file(file, ignored)) return file;
    }
  }
  return std::nullopt;
}

std::vector<Problem> problems_of(const Benchmark& benchmark, const fs::path& file) {
  auto problems = load_problems({.files = {file.string()}}, "--data", UnreadableAnswers::kKeep);
  for (Problem& problem : problems) problem.source = benchmark.name;
  log_info("{}: {} problems of {} ({})", benchmark.name, problems.size(), file.string(), benchmark.source);
  if (std::ssize(problems) != benchmark.problems) {
    log_warning("{} has {} problems, and {} has {}: its figure is not the benchmark's", benchmark.name,
                benchmark.problems, file.string(), problems.size());
  }
  return problems;
}

}  // namespace

const Suite& find_suite(std::string_view name) {
  std::vector<std::string> names;
  for (const Suite& suite : suites()) {
    if (suite.name == name) return suite;
    names.emplace_back(suite.name);
  }
  throw Error("--suite", fmt::format("there is no suite {}", name), suggest_name(name, names));
}

std::vector<Problem> suite_problems(const Suite& suite, const fs::path& folder) {
  std::vector<Problem> all;
  std::vector<std::string> missing;
  for (const Benchmark& benchmark : suite.benchmarks) {
    const auto file = file_of(benchmark, folder);
    if (!file) {
      missing.push_back(fmt::format("{} ({}.json)", benchmark.name, benchmark.files.front()));
      continue;
    }
    auto problems = problems_of(benchmark, *file);
    all.insert(all.end(), std::make_move_iterator(problems.begin()), std::make_move_iterator(problems.end()));
  }
  if (all.empty()) {
    throw Error(folder.string(), fmt::format("has no file of the suite {}", suite.name),
                fmt::format("put there what you have of {}", fmt::join(missing, ", ")));
  }
  if (!missing.empty()) log_info("not in {}: {}", folder.string(), fmt::join(missing, ", "));
  return all;
}

}  // namespace deepscaler
