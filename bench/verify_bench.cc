// Checks per second through the C library, on one core and in batches, and what a tower of powers takes.
// bench_verify [ANSWERS.jsonl ...]: beside the labelled pairs, each "answer" of a file with itself and with
// the next.
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "capi/deepscaler_verify.h"

namespace deepscaler {
namespace {

struct Pair {
  std::string answer, response;
};

std::vector<std::string> lines_of(const std::string& path) {
  const std::string text = read_file(path);
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::vector<Pair> labelled_pairs() {
  std::vector<Pair> pairs;
  for (const std::string& line : lines_of(DEEPSCALER_LABELLED_PAIRS)) {
    const size_t middle = std::min(line.find(" == "), line.find(" != "));
    if (line.starts_with("#") || middle == line.npos) continue;
    for (size_t at = middle + 4; at < line.size();) {
      const size_t next = std::min(line.find(" ;; ", at), line.size());
      pairs.push_back({line.substr(0, middle), "So it is $\\boxed{" + line.substr(at, next - at) + "}$."});
      at = next + 4;
    }
  }
  return pairs;
}

std::vector<Pair> pairs_of_answers(const std::string& path) {
  std::vector<std::string> answers;
  for (const std::string& line : lines_of(path)) {
    const auto fields = nlohmann::json::parse(line);
    if (fields.at("answer").is_string()) answers.push_back(fields.at("answer"));
  }
  std::vector<Pair> pairs;
  for (size_t i = 0; i < answers.size(); ++i) {
    for (const std::string& other : {answers[i], answers[(i + 1) % answers.size()]}) {
      pairs.push_back({answers[i], "So it is $\\boxed{" + other + "}$."});
    }
  }
  return pairs;
}

deepscaler_text text_of(const std::string& text) { return {text.data(), text.size()}; }

void grade_each(std::span<const Pair> pairs) {
  for (const Pair& pair : pairs) {
    deepscaler_free(deepscaler_grade(text_of(pair.answer), text_of(pair.response), nullptr));
  }
}

void grade_at_once(std::span<const Pair> pairs, unsigned threads) {
  std::vector<deepscaler_text> answers;
  for (const Pair& pair : pairs) answers.push_back(text_of(pair.answer));
  std::vector<deepscaler_check> checks;
  for (size_t i = 0; i < pairs.size(); ++i)
    checks.push_back({&answers[i], 1, text_of(pairs[i].response), {}});
  deepscaler_free(deepscaler_grade_batch(checks.data(), checks.size(), nullptr, threads));
}

double cpu_seconds() { return static_cast<double>(clock()) / CLOCKS_PER_SEC; }

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Seconds of the best of three, after one that warms up.
double best(const std::function<double()>& now, const std::function<void()>& work) {
  work();
  double least = 1e9;
  for (int round = 0; round < 3; ++round) {
    const double start = now();
    work();
    least = std::min(least, now() - start);
  }
  return least;
}

void print_rates(const std::string& name, const std::vector<Pair>& pairs) {
  const double count = static_cast<double>(pairs.size());
  const double alone = best(cpu_seconds, [&] { grade_each(pairs); });
  const double batch = best(wall_seconds, [&] { grade_at_once(pairs, 8); });
  fmt::print("{:<32} {:>8} {:>16.0f} {:>16.0f}\n", name, pairs.size(), count / alone, count / batch);
}

void run(std::span<char* const> files) {
  fmt::print("{}\n{:<32} {:>8} {:>16} {:>16}\n", deepscaler_version(), "checks a second", "pairs",
             "on one core", "by 8 threads");
  print_rates("labelled pairs", labelled_pairs());
  for (const char* file : files)
    print_rates(std::string(file).substr(std::string(file).rfind('/') + 1), pairs_of_answers(file));
  fmt::print("{:<32} {:>8} {:>16}\n", "to reach", "", 50000);
  for (const std::string answer : {"5", "9^{9^{9^9}}"}) {
    const std::vector<Pair> tower = {{answer, "\\boxed{9^{9^{9^9}}+1}"}};
    fmt::print("{:<32} {:>8} {:>13.2f} ms\n", "9^{9^{9^9}}+1 for " + answer, 1,
               1e3 * best(cpu_seconds, [&] { grade_each(tower); }));
  }
  fmt::print("{:<32} {:>8} {:>13} ms\n", "at most", "", 50);
}

}  // namespace
}  // namespace deepscaler

int main(int argc, char** argv) {
  try {
    deepscaler::run(std::span(argv + 1, static_cast<size_t>(argc - 1)));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_verify: {}\n", error.what());
    return 1;
  }
}
