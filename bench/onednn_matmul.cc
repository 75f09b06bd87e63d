#include "onednn_matmul.h"

#include <omp.h>

#include <cstring>
#include <dnnl.hpp>
#include <optional>

namespace deepscaler::bench {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

memory::data_type dnnl_type(OnednnType type) {
  return type == OnednnType::kF32 ? memory::data_type::f32 : memory::data_type::bf16;
}

// The processor that everything runs on.
struct Cpu {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};

  // `rows` x `cols` row-major floats as a memory of the given layout and type, converted.
  memory converted(const float* data, memory::dims shape, Tag layout, const memory::desc& wanted) {
    memory plain({shape, memory::data_type::f32, layout}, engine, const_cast<float*>(data));
    memory result(wanted, engine);
    dnnl::reorder(plain, result).execute(stream, plain, result);
    stream.wait();
    return result;
  }
};

// A primitive with its operands: the weight operand (if any) once per copy, the others once.
class OnednnRun : public Run {
 public:
  OnednnRun(const Problem& problem, Cpu cpu, dnnl::primitive primitive, std::unordered_map<int, memory> fixed,
            int weight_argument, std::vector<memory> weights, memory result)
      : problem_(problem),
        cpu_(std::move(cpu)),
        primitive_(std::move(primitive)),
        arguments_(std::move(fixed)),
        weight_argument_(weight_argument),
        weights_(std::move(weights)),
        result_(std::move(result)) {}

  void compute(int weight_copy) override {
    if (!weights_.empty()) arguments_[weight_argument_] = weights_[static_cast<size_t>(weight_copy)];
    primitive_.execute(cpu_.stream, arguments_);
    cpu_.stream.wait();
  }

  float at(int64_t row, int64_t column) override {
    const bool is_dw = problem_.product == Product::kDw;
    const int64_t height = is_dw ? problem_.out : problem_.rows;
    const int64_t width = problem_.product == Product::kForward ? problem_.out : problem_.in;
    if (!plain_) {
      plain_.emplace(memory::desc({height, width}, memory::data_type::f32, Tag::ab), cpu_.engine);
      dnnl::reorder(result_, *plain_).execute(cpu_.stream, result_, *plain_);
      cpu_.stream.wait();
    }
    return static_cast<const float*>(plain_->get_data_handle())[row * width + column];
  }

 private:
  Problem problem_;
  Cpu cpu_;
  dnnl::primitive primitive_;
  std::unordered_map<int, memory> arguments_;
  int weight_argument_;
  std::vector<memory> weights_;
  memory result_;
  std::optional<memory> plain_;
};

std::vector<memory> packed_weights(Cpu& cpu, const Problem& p, const memory::dims& shape, Tag layout,
                                   const memory::desc& wanted) {
  std::vector<memory> weights;
  for (int i = 0; i < p.weight_copies; ++i) weights.push_back(cpu.converted(p.w, shape, layout, wanted));
  return weights;
}

std::unique_ptr<Run> set_up_inner_product(const Problem& p, OnednnType type) {
  Cpu cpu;
  const auto operand = dnnl_type(type), f32 = memory::data_type::f32;
  const memory::dims x_shape{p.rows, p.in}, w_shape{p.out, p.in}, y_shape{p.rows, p.out};
  const memory::desc x(x_shape, operand, Tag::ab), y(y_shape, f32, Tag::ab), dy(y_shape, operand, Tag::ab);
  const memory::desc dx(x_shape, f32, Tag::ab);
  const memory::desc any_weight(w_shape, operand, Tag::any), any_gradient(w_shape, f32, Tag::any);
  const dnnl::inner_product_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, x, any_weight, y}, cpu.engine);

  switch (p.product) {
    case Product::kForward: {
      memory result(forward.dst_desc(), cpu.engine);
      std::unordered_map<int, memory> fixed{{DNNL_ARG_SRC, cpu.converted(p.x, x_shape, Tag::ab, x)},
                                            {DNNL_ARG_DST, result}};
      auto weights = packed_weights(cpu, p, w_shape, Tag::ab, forward.weights_desc());
      return std::make_unique<OnednnRun>(p, cpu, dnnl::inner_product_forward(forward), std::move(fixed),
                                         DNNL_ARG_WEIGHTS, std::move(weights), result);
    }
    case Product::kDx: {
      const dnnl::inner_product_backward_data::primitive_desc backward({dx, any_weight, dy}, cpu.engine,
                                                                       forward);
      memory result(backward.diff_src_desc(), cpu.engine);
      std::unordered_map<int, memory> fixed{{DNNL_ARG_DIFF_DST, cpu.converted(p.dy, y_shape, Tag::ab, dy)},
                                            {DNNL_ARG_DIFF_SRC, result}};
      auto weights = packed_weights(cpu, p, w_shape, Tag::ab, backward.weights_desc());
      return std::make_unique<OnednnRun>(p, cpu, dnnl::inner_product_backward_data(backward),
                                         std::move(fixed), DNNL_ARG_WEIGHTS, std::move(weights), result);
    }
    case Product::kDw: {
      const dnnl::inner_product_backward_weights::primitive_desc backward({x, any_gradient, dy}, cpu.engine,
                                                                          forward);
      memory result(backward.diff_weights_desc(), cpu.engine);
      std::unordered_map<int, memory> fixed{{DNNL_ARG_SRC, cpu.converted(p.x, x_shape, Tag::ab, x)},
                                            {DNNL_ARG_DIFF_DST, cpu.converted(p.dy, y_shape, Tag::ab, dy)},
                                            {DNNL_ARG_DIFF_WEIGHTS, result}};
      return std::make_unique<OnednnRun>(p, cpu, dnnl::inner_product_backward_weights(backward),
                                         std::move(fixed), 0, std::vector<memory>{}, result);
    }
  }
  return nullptr;
}

// Adds the product to what the result holds, as ours does to gradients. The inner product has no such mode:
// its dW replaces.
dnnl::post_ops adding() {
  dnnl::post_ops sum;
  sum.append_sum(1.0f);
  return sum;
}

// A matmul of oneDNN is src [M, K] x weights [K, N]; here each operand is a view of a row-major matrix,
// transposed where its tag is `ba`.
std::unique_ptr<Run> set_up_matmul(const Problem& p, OnednnType type) {
  Cpu cpu;
  const auto operand = dnnl_type(type), f32 = memory::data_type::f32;
  const bool is_forward = p.product == Product::kForward, is_dw = p.product == Product::kDw;
  const int64_t m = is_dw ? p.out : p.rows;
  const int64_t k = is_forward ? p.in : is_dw ? p.rows : p.out;
  const int64_t n = is_forward ? p.out : p.in;

  const memory::dims a_shape{m, k}, b_shape{k, n};
  const float* a = is_forward ? p.x : p.dy;
  const float* b = is_dw ? p.x : p.w;
  const Tag a_layout = is_dw ? Tag::ba : Tag::ab;
  const Tag b_layout = is_forward ? Tag::ba : Tag::ab;
  // dW has no packed operand: both are activations. Its result may have any layout.
  const memory::desc source(a_shape, operand, a_layout);
  const memory::desc weights(b_shape, operand, is_dw ? b_layout : Tag::any);
  const memory::desc destination({m, n}, f32, is_dw ? Tag::any : Tag::ab);
  dnnl::primitive_attr attributes;
  if (is_dw) attributes.set_post_ops(adding());
  const dnnl::matmul::primitive_desc description({source, weights, destination}, attributes, cpu.engine);

  memory result(description.dst_desc(), cpu.engine);
  std::memset(result.get_data_handle(), 0, description.dst_desc().get_size());
  std::unordered_map<int, memory> fixed{
      {DNNL_ARG_SRC, cpu.converted(a, a_shape, a_layout, description.src_desc())}, {DNNL_ARG_DST, result}};
  std::vector<memory> packed;
  if (is_dw)
    fixed[DNNL_ARG_WEIGHTS] = cpu.converted(b, b_shape, b_layout, description.weights_desc());
  else
    packed = packed_weights(cpu, p, b_shape, b_layout, description.weights_desc());
  return std::make_unique<OnednnRun>(p, cpu, dnnl::matmul(description), std::move(fixed), DNNL_ARG_WEIGHTS,
                                     std::move(packed), result);
}

// What this machine's oneDNN has no kernel for (bf16 on an old CPU) is a dash in the table. bf16 operands
// have 8 bits of mantissa: there the check only catches a product that is altogether wrong.
template <class SetUp>
Contender contender(std::string name, OnednnType type, SetUp set_up) {
  const bool is_bf16 = type == OnednnType::kBf16;
  return {.name = name + (is_bf16 ? " bf16" : ""),
          .tolerance = is_bf16 ? 1e-2 : 1e-5,
          .set_up = [=](const Problem& problem) -> std::unique_ptr<Run> {
            try {
              return set_up(problem, type);
            } catch (const dnnl::error& error) {
              if (error.status == dnnl_unimplemented) return nullptr;
              throw;
            }
          }};
}

}  // namespace

void set_onednn_threads(int threads) { omp_set_num_threads(threads); }

Contender onednn_inner_product(OnednnType type) {
  return contender("oneDNN inner", type, set_up_inner_product);
}

Contender onednn_matmul(OnednnType type) { return contender("oneDNN matmul", type, set_up_matmul); }

}  // namespace deepscaler::bench
