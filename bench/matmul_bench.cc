// GFLOP/s of our matmul beside oneDNN's on the shapes of SmolLM2-135M and of the 1.5B model.
//
//   bench_matmul [--model smollm2|1.5b] [--rows 1,8,64] [--threads N] [--seconds S] [--kernels NAME]
//   [--bf16|--integers]
//
// To meet oneDNN on AVX2: --kernels avx2 with ONEDNN_MAX_CPU_ISA=AVX2 in the environment.
// --bf16: both sides compute in bf16.
// --integers: products of quantized weights, and ours in f32 and bf16 beside them.
#include <exception>
#include <sstream>
#include <string>

#include "base/error.h"
#include "base/parallel.h"
#include "integer_products.h"
#include "matmul_table.h"
#include "ops/kernel_target.h"
#include "our_matmul.h"
#ifdef DEEPSCALER_HAVE_ONEDNN
#include "onednn_matmul.h"
#endif

namespace deepscaler::bench {
namespace {

struct Options {
  TableOptions table;
  int threads = 0;  // 0: one per core
  bool bf16 = false, integers = false;
  std::string kernels = "auto";
};

std::vector<int64_t> parse_rows(const std::string& list) {
  std::vector<int64_t> rows;
  std::istringstream stream(list);
  for (std::string item; std::getline(stream, item, ',');) {
    rows.push_back(std::stoll(item));
    if (rows.back() < 1) throw std::out_of_range("--rows");
  }
  if (rows.empty()) throw std::invalid_argument("--rows");
  return rows;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string key = argv[i];
    if (key == "--bf16" || key == "--integers") {
      (key == "--bf16" ? options.bf16 : options.integers) = true;
      continue;
    }
    if (i + 1 == argc) throw std::invalid_argument(key);
    const std::string value = argv[++i];
    if (key == "--model" && (value == "smollm2" || value == "1.5b"))
      options.table.model = value;
    else if (key == "--rows")
      options.table.rows = parse_rows(value);
    else if (key == "--threads")
      options.threads = std::stoi(value);
    else if (key == "--seconds")
      options.table.seconds = std::stod(value);
    else if (key == "--kernels")
      options.kernels = value;
    else
      throw std::invalid_argument(key + " " + value);
  }
  return options;
}

std::vector<Contender> quantized_contenders() {
  std::vector<Contender> all;
  for (const DType dtype : {DType::kQ4_K, DType::kQ5_K, DType::kQ6_K, DType::kQ8_0, DType::kQ4_0,
                            DType::kQ4_1, DType::kQ5_0, DType::kQ5_1}) {
    all.push_back(integer_products(dtype));
  }
  all.push_back(our_matmul());
  all.push_back(our_bf16_matmul());
  return all;
}

std::vector<Contender> contenders(const Options& options) {
  if (options.integers) return quantized_contenders();
  std::vector<Contender> all{options.bf16 ? our_bf16_matmul() : our_matmul()};
#ifdef DEEPSCALER_HAVE_ONEDNN
  const OnednnType type = options.bf16 ? OnednnType::kBf16 : OnednnType::kF32;
  all.push_back(onednn_inner_product(type));
  all.push_back(onednn_matmul(type));
#endif
  return all;
}

}  // namespace
}  // namespace deepscaler::bench

int main(int argc, char** argv) {
  using namespace deepscaler;
  bench::Options options;
  try {
    options = bench::parse(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr,
               "bench_matmul: cannot read '{}'\n"
               "usage: bench_matmul [--model smollm2|1.5b] [--rows 1,8,64] [--threads N] [--seconds S] "
               "[--kernels NAME] [--bf16|--integers]\n",
               error.what());
    return 2;
  }
  try {
    force_kernel_target(options.kernels);
    set_thread_count(options.threads);
#ifdef DEEPSCALER_HAVE_ONEDNN
    bench::set_onednn_threads(thread_count());
#endif
    bench::print_matmul_table(bench::contenders(options), options.table);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_matmul: {}\n", error.what());
    return 1;
  }
}
