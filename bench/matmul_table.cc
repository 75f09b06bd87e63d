#include "matmul_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>

#include "base/error.h"
#include "tensor/buffer.h"

namespace deepscaler::bench {
namespace {

struct Shape {
  const char* model;
  const char* layer;
  int64_t out;
  int64_t in;
};

// Projections of the same inputs are one product, as in a layer.
constexpr std::array kShapes = {
    Shape{"smollm2", "attn q, k, v", 960, 576},  Shape{"smollm2", "attn o", 576, 576},
    Shape{"smollm2", "ffn gate, up", 3072, 576}, Shape{"smollm2", "ffn down", 576, 1536},
    Shape{"smollm2", "lm head", 49152, 576},     Shape{"1.5b", "attn q, k, v", 2048, 1536},
    Shape{"1.5b", "attn o", 1536, 1536},         Shape{"1.5b", "ffn gate, up", 17920, 1536},
    Shape{"1.5b", "ffn down", 1536, 8960},       Shape{"1.5b", "lm head", 151936, 1536},
};

constexpr std::array kProducts = {Product::kForward, Product::kDx, Product::kDw};

// Weights of all copies together: larger than the last-level cache of the machines we tune for.
constexpr int64_t kColdBytes = 64 << 20;
// At least so many calls, in turns of at least so long: the threads of the contender before look for work for
// a few milliseconds more.
constexpr int kLeastCalls = 3;
constexpr double kTurnSeconds = 0.02;
constexpr int kCheckedElements = 64;

const char* name_of(Product product) {
  switch (product) {
    case Product::kForward:
      return "forward";
    case Product::kDx:
      return "dX";
    case Product::kDw:
      return "dW";
  }
  return "";
}

Buffer<float> random_numbers(int64_t count, unsigned seed) {
  std::minstd_rand generator(seed);
  Buffer<float> numbers(count);
  for (float& x : numbers.span()) x = static_cast<float>(generator()) / 2147483648.0f - 0.5f;
  return numbers;
}

// A vector inside a matrix: `count` elements, `step` apart.
struct Strided {
  const float* first;
  int64_t step;
};

struct Definition {
  Strided a, b;
  int64_t count;
};

// The two vectors whose dot product is element [row, column] of the result.
Definition definition_of(const Problem& p, int64_t row, int64_t column) {
  switch (p.product) {
    case Product::kForward:
      return {{p.x + row * p.in, 1}, {p.w + column * p.in, 1}, p.in};
    case Product::kDx:
      return {{p.dy + row * p.out, 1}, {p.w + column, p.in}, p.out};
    case Product::kDw:
      return {{p.dy + row, p.out}, {p.x + column, p.in}, p.rows};
  }
  return {};
}

// Looks at elements spread over the whole result, the last one included.
void check_result(const Problem& problem, const Contender& contender, Run& run) {
  const int64_t height = problem.product == Product::kDw ? problem.out : problem.rows;
  const int64_t width = problem.product == Product::kForward ? problem.out : problem.in;
  std::minstd_rand generator(1);
  for (int i = 0; i < kCheckedElements; ++i) {
    const int64_t row = i == 0 ? height - 1 : static_cast<int64_t>(generator()) % height;
    const int64_t column = i == 0 ? width - 1 : static_cast<int64_t>(generator()) % width;
    const Definition d = definition_of(problem, row, column);
    double expected = 0, norm_a = 0, norm_b = 0;
    for (int64_t k = 0; k < d.count; ++k) {
      const double a = d.a.first[k * d.a.step], b = d.b.first[k * d.b.step];
      expected += a * b;
      norm_a += a * a;
      norm_b += b * b;
    }
    const double error = std::abs(run.at(row, column) - expected);
    if (!(error <= contender.tolerance * std::sqrt(norm_a * norm_b)))
      throw Error(fmt::format("{} of {} x {} with {} rows", name_of(problem.product), problem.out, problem.in,
                              problem.rows),
                  fmt::format("{} is off by {} at [{}, {}]", contender.name, error, row, column),
                  "this is a fault of that matmul: do not trust its rates");
  }
}

double seconds_of(Run& run, int weight_copy) {
  const auto start = std::chrono::steady_clock::now();
  run.compute(weight_copy);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Each contender's GFLOP/s, 0 for one that cannot. They compute in turn, so that a slow moment of the
// machine meets all of them.
std::vector<double> rates_of(const Problem& problem, const std::vector<Contender>& contenders,
                             const TableOptions& options) {
  const size_t count = contenders.size();
  std::vector<std::unique_ptr<Run>> runs(count);
  for (size_t i = 0; i < count; ++i) {
    runs[i] = contenders[i].set_up(problem);
    if (!runs[i]) continue;
    runs[i]->compute(0);
    check_result(problem, contenders[i], *runs[i]);
  }
  std::vector<double> best(count, INFINITY), total(count, 0);
  std::vector<int> calls(count, 0);
  bool working = true;
  while (working) {
    working = false;
    for (size_t i = 0; i < count; ++i) {
      if (!runs[i] || (calls[i] >= kLeastCalls && total[i] >= options.seconds)) continue;
      for (const double end = total[i] + kTurnSeconds; total[i] < end; ++calls[i]) {
        const double seconds = seconds_of(*runs[i], calls[i] % problem.weight_copies);
        best[i] = std::min(best[i], seconds);
        total[i] += seconds;
      }
      working = true;
    }
  }
  const double flop = 2.0 * static_cast<double>(problem.rows * problem.out * problem.in);
  std::vector<double> rates;
  for (const double seconds : best) rates.push_back(flop / seconds * 1e-9);
  return rates;
}

void print_header(const std::vector<Contender>& contenders) {
  fmt::print("{:8} {:13} {:>7} {:>5} {:8} {:>5}", "model", "layer", "out", "in", "product", "rows");
  for (const Contender& contender : contenders) fmt::print(" {:>18}", contender.name);
  fmt::print("{}\n", contenders.size() > 1 ? "   ratio" : "");
}

void print_line(const Shape& shape, const Problem& problem, const std::vector<double>& rates) {
  fmt::print("{:8} {:13} {:7} {:5} {:8} {:5}", shape.model, shape.layer, shape.out, shape.in,
             name_of(problem.product), problem.rows);
  for (const double rate : rates) fmt::print(" {:>18}", rate > 0 ? fmt::format("{:.1f}", rate) : "-");
  if (rates.size() > 1) {
    const double others = *std::max_element(rates.begin() + 1, rates.end());
    fmt::print(" {:>7}", others > 0 ? fmt::format("{:.2f}", rates[0] / others) : "-");
  }
  fmt::print("\n");
  std::fflush(stdout);
}

}  // namespace

void print_matmul_table(const std::vector<Contender>& contenders, const TableOptions& options) {
  print_header(contenders);
  for (const Shape& shape : kShapes) {
    if (options.model != "all" && options.model != shape.model) continue;
    const Buffer<float> w = random_numbers(shape.out * shape.in, 1);
    const int64_t most_rows = *std::max_element(options.rows.begin(), options.rows.end());
    const Buffer<float> x = random_numbers(most_rows * shape.in, 2);
    const Buffer<float> dy = random_numbers(most_rows * shape.out, 3);
    const int64_t weight_bytes = shape.out * shape.in * static_cast<int64_t>(sizeof(float));
    for (const Product product : kProducts) {
      for (const int64_t rows : options.rows) {
        Problem problem{.product = product, .rows = rows, .out = shape.out, .in = shape.in};
        if (product != Product::kDx) problem.x = x.data();
        if (product != Product::kForward) problem.dy = dy.data();
        if (product != Product::kDw) {
          problem.w = w.data();
          problem.weight_copies = static_cast<int>((kColdBytes + weight_bytes - 1) / weight_bytes);
        }
        print_line(shape, problem, rates_of(problem, contenders, options));
      }
    }
  }
}

}  // namespace deepscaler::bench
