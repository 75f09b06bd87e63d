// Every kind of optimizer: against values worked out in float64 (tests/goldens/make_optimizer_goldens.py),
// saved and gone on with bit for bit, on any number of threads.
#include "train/optimizers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/temporary_folder.h"
#include "formats/json_text.h"
#include "model/model.h"
#include "tensor/buffer.h"
#include "train/optimizers/adamw_bf16.h"
#include "train/optimizers/dynamic_map.h"
#include "train/optimizers/muon.h"

namespace deepscaler {
namespace {

using nlohmann::json;
const std::filesystem::path kGoldens = DEEPSCALER_GOLDENS;

const json& goldens() {
  static const json values = read_json_file(kGoldens / "optimizers.json");
  return values;
}

TEST(DynamicMap, HasTheValuesOfBitsandbytes) {
  for (const auto& [sign, name] :
       {std::pair{DynamicMap::Sign::kSigned, "signed"}, std::pair{DynamicMap::Sign::kUnsigned, "unsigned"}}) {
    const DynamicMap& map = DynamicMap::get(sign);
    const auto expected = goldens()["dynamic_map"][name].get<std::vector<double>>();
    for (int code = 0; code < 256; ++code) {
      EXPECT_EQ(map.value(static_cast<uint8_t>(code)), static_cast<float>(expected[code])) << code;
    }
  }
}

TEST(DynamicMap, ABlockIsPackedAsByTorchao) {
  const json& golden = goldens()["block"];
  const auto values = golden["values"].get<std::vector<float>>();
  std::vector<uint8_t> codes(values.size());
  const DynamicMap& map = DynamicMap::get(DynamicMap::Sign::kSigned);
  const float absmax = map.pack(values, codes.data());
  EXPECT_EQ(absmax, 0.7f);
  EXPECT_EQ(codes, golden["codes"].get<std::vector<uint8_t>>());
  std::vector<float> back(values.size());
  map.unpack(codes.data(), absmax, back);
  for (size_t i = 0; i < back.size(); ++i) {
    EXPECT_FLOAT_EQ(back[i], golden["dequantized"][i].get<float>()) << i;
  }
  const std::vector<float> zeros(3);
  EXPECT_EQ(map.pack(zeros, codes.data()), 0);
  EXPECT_EQ(codes[1], 127);
}

// Beside a search of all values: over many magnitudes, at the middles between values and beside them.
TEST(DynamicMap, FindsTheNearestValue) {
  for (const auto sign : {DynamicMap::Sign::kSigned, DynamicMap::Sign::kUnsigned}) {
    const DynamicMap& map = DynamicMap::get(sign);
    const auto expect_nearest = [&](float x) {
      int expected = 0;
      while (expected < 255 && x >= (map.value(static_cast<uint8_t>(expected)) +
                                     map.value(static_cast<uint8_t>(expected + 1))) /
                                        2)
        ++expected;
      ASSERT_EQ(map.nearest(x), expected) << x;
    };
    const Rng rng(1, {});
    for (uint64_t i = 0; i < 20000; ++i) {
      const float magnitude = std::pow(10.0f, -9 * rng.uniform(2 * i));
      expect_nearest(sign == DynamicMap::Sign::kSigned && rng.uniform(2 * i + 1) < 0.5f ? -magnitude
                                                                                        : magnitude);
    }
    for (int code = 0; code < 255; ++code) {
      const float middle =
          (map.value(static_cast<uint8_t>(code)) + map.value(static_cast<uint8_t>(code + 1))) / 2;
      for (const float x : {middle, std::nextafter(middle, -2.0f), std::nextafter(middle, 2.0f)})
        expect_nearest(x);
    }
    for (const float x : {0.0f, -0.0f, 1.0f, -1.0f, 1e-38f}) expect_nearest(x);
  }
}

TEST(AdamWBf16, RoundsAsTorchaoDoes) {
  const json& golden = goldens()["rounding"];
  for (size_t i = 0; i < golden["numbers"].size(); ++i) {
    const uint16_t rounded =
        round_at_random(golden["numbers"][i].get<float>(), golden["random"][i].get<uint16_t>());
    EXPECT_EQ(std::bit_cast<float>(static_cast<uint32_t>(rounded) << 16), golden["rounded"][i].get<float>())
        << i;
  }
  // Right in the mean, and never infinite.
  for (const float x : {0.001f, -3.14159f, 1.0f, 1.00390625f}) {
    double sum = 0;
    for (uint32_t random = 0; random < 65536; ++random) {
      const uint32_t rounded = round_at_random(x, static_cast<uint16_t>(random));
      sum += std::bit_cast<float>(rounded << 16);
    }
    EXPECT_NEAR(sum / 65536, x, 1e-9 * std::abs(x));
  }
  EXPECT_EQ(round_at_random(std::numeric_limits<float>::max(), 0), 0x7f7f);
}

TEST(Muon, OrthogonalizesAsItsAuthorsDo) {
  const json& golden = goldens()["muon"];
  Matrix x(3, 5);
  for (int64_t r = 0; r < 3; ++r) {
    for (int64_t c = 0; c < 5; ++c) x.row(r)[c] = golden["x"][r][c].get<float>();
  }
  orthogonalize(x);
  for (int64_t r = 0; r < 3; ++r) {
    for (int64_t c = 0; c < 5; ++c) EXPECT_NEAR(x.row(r)[c], golden["orthogonal"][r][c].get<double>(), 1e-5);
  }
}

ModelConfig small_config() { return read_hf_config(kGoldens / "models" / "qwen2"); }

// A table in which one matrix is trained.
class OneMatrix {
 public:
  OneMatrix(const json& golden, const char* kind)
      : table_(
            ParameterTable(small_config()),
            {{.name = "model.matrix", .rows = std::ssize(golden["p"]), .cols = std::ssize(golden["p"][0])}}),
        weights_(table_.size()),
        gradients_(table_.size()),
        optimizer_(find_optimizer(kind).make(table_)) {
    write(golden["p"], weights_.data());
  }

  void step(const OptimizerConfig& config, const json& gradient) {
    write(gradient, gradients_.data());
    (void)optimizer_->step(config, config.lr, gradients_.span(), weights_.data());
  }
  void expect_weights(const json& expected) const {
    const ParameterInfo& info = table_.trainable()[0];
    for (int64_t r = 0; r < info.rows; ++r) {
      const PlacedRow place = row_of(info, r);
      for (int64_t c = 0; c < info.cols; ++c) {
        EXPECT_NEAR(weights_[place.offset + c * place.step], expected[r][c].get<double>(), 2e-6)
            << r << "," << c;
      }
    }
  }

 private:
  void write(const json& rows, float* values) const {
    const ParameterInfo& info = table_.trainable()[0];
    Matrix matrix(info.rows, info.cols);
    for (int64_t r = 0; r < info.rows; ++r) {
      for (int64_t c = 0; c < info.cols; ++c) matrix.row(r)[c] = rows[r][c].get<float>();
    }
    write_parameter(info, matrix.view(), values);
  }

  ParameterTable table_;
  Buffer<float> weights_, gradients_;
  std::unique_ptr<Optimizer> optimizer_;
};

TEST(Adafactor, TakesTheStepsOfTransformers) {
  const json& golden = goldens()["adafactor"];
  OneMatrix matrix(golden, "adafactor");
  const OptimizerConfig config = {.lr = golden["lr"], .weight_decay = golden["decay"], .max_grad_norm = 0};
  for (const json& step : golden["steps"]) {
    matrix.step(config, step["gradient"]);
    matrix.expect_weights(step["p"]);
  }
}

TEST(Muon, TakesTheStepsOfItsAuthors) {
  const json& golden = goldens()["muon"];
  OneMatrix matrix(golden, "muon");
  // Theirs is the scale sqrt(rows / columns), ours 0.2 sqrt(rows).
  const float ratio = std::sqrt(2.0f) / (0.2f * std::sqrt(4.0f));
  const OptimizerConfig config = {.lr = golden["lr"].get<float>() * ratio,
                                  .momentum = golden["beta"],
                                  .weight_decay = golden["decay"].get<float>() / ratio,
                                  .max_grad_norm = 0};
  for (const json& step : golden["steps"]) {
    matrix.step(config, step["gradient"]);
    matrix.expect_weights(step["p"]);
  }
}

// The golden's eight numbers are a block with zeros behind them.
TEST(AdamW8Bit, TakesTheStepsOfTorchao) {
  const json& golden = goldens()["adamw_8bit"];
  const ParameterTable table(small_config());
  const ParameterInfo& info = table[table.embedding()];
  ASSERT_GT(info.size, 4096);
  ASSERT_EQ(info.offset, 0);
  Buffer<float> weights(table.size()), gradients(table.size());
  for (int i = 0; i < 8; ++i) weights[i] = golden["p"][i].get<float>();
  const auto optimizer = find_optimizer("adamw-8bit").make(table);
  const OptimizerConfig config = {.lr = golden["lr"], .weight_decay = golden["decay"], .max_grad_norm = 0};
  for (const json& step : golden["steps"]) {
    for (int i = 0; i < 8; ++i) gradients[i] = step["gradient"][i].get<float>();
    (void)optimizer->step(config, config.lr, gradients.span(), weights.data());
    for (int i = 0; i < 8; ++i) EXPECT_NEAR(weights[i], step["p"][i].get<double>(), 2e-6) << i;
  }
  EXPECT_EQ(weights[8], 0);
}

class EveryOptimizer : public testing::TestWithParam<std::string_view> {
 protected:
  void TearDown() override { set_thread_count(0); }

  static const OptimizerKind& kind() { return find_optimizer(GetParam()); }

  // The gradient of half the squared distance to zero, with noise: seen at `step`.
  void take_steps(Optimizer& optimizer, Buffer<float>& weights, int first, int last) const {
    Buffer<float> gradients(table_.trainable_size());
    for (int step = first; step < last; ++step) {
      const Rng rng(7, {static_cast<uint64_t>(step)});
      for (const ParameterInfo& p : table_.trainable()) {
        Matrix rows(p.rows, p.cols);
        read_parameter(p, weights.data(), rows.view());
        for (int64_t i = 0; i < rows.size(); ++i) rows.data()[i] += 0.01f * rng.normal(p.offset + i);
        write_parameter(p, rows.view(), gradients.data());
      }
      (void)optimizer.step(config_, config_.lr, gradients.span(), weights.data());
    }
  }
  [[nodiscard]] Buffer<float> first_weights() const {
    Model model(small_config());
    randomize(model, 1, 0.3f);
    Buffer<float> weights(table_.size());
    std::copy_n(model.weights(), weights.size(), weights.data());
    return weights;
  }
  [[nodiscard]] std::vector<float> weights_after(int steps, int threads) const {
    set_thread_count(threads);
    const auto optimizer = kind().make(table_);
    Buffer<float> weights = first_weights();
    take_steps(*optimizer, weights, 0, steps);
    return {weights.span().begin(), weights.span().end()};
  }

  const ParameterTable table_{small_config()};
  const OptimizerConfig config_ = {.lr = 0.05f};
};

INSTANTIATE_TEST_SUITE_P(Kinds, EveryOptimizer, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const OptimizerKind& kind : optimizer_kinds()) names.push_back(kind.name);
                           return names;
                         }()),
                         [](const auto& info) {
                           std::string name(info.param);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST_P(EveryOptimizer, GoesTowardsTheLeast) {
  const auto squares = [](std::span<const float> numbers) {
    double sum = 0;
    for (const float x : numbers) sum += static_cast<double>(x) * x;
    return sum;
  };
  const Buffer<float> first = first_weights();
  EXPECT_LT(squares(weights_after(30, 0)), 0.5 * squares(first.span()));
}

TEST_P(EveryOptimizer, HasTheSameBitsOnAnyNumberOfThreads) {
  EXPECT_EQ(weights_after(4, 1), weights_after(4, 3));
}

TEST_P(EveryOptimizer, GoesOnWhereItWasSaved) {
  const TemporaryFolder folder;
  const auto alone = weights_after(7, 1);
  Buffer<float> weights = first_weights();
  {
    const auto optimizer = kind().make(table_);
    take_steps(*optimizer, weights, 0, 3);
    optimizer->save(folder / "optimizer.safetensors");
  }
  const auto optimizer = kind().make(table_);
  optimizer->load(folder / "optimizer.safetensors");
  EXPECT_EQ(optimizer->steps(), 3);
  take_steps(*optimizer, weights, 3, 7);
  EXPECT_EQ(alone, std::vector<float>(weights.span().begin(), weights.span().end()));
  // As new, it is what it was at first.
  optimizer->reset();
  Buffer<float> again = first_weights();
  take_steps(*optimizer, again, 0, 7);
  EXPECT_EQ(alone, std::vector<float>(again.span().begin(), again.span().end()));
  // It holds what the plan says; the file has little more than that.
  const auto file_bytes = static_cast<double>(std::filesystem::file_size(folder / "optimizer.safetensors"));
  EXPECT_NEAR(static_cast<double>(kind().memory(table_)), file_bytes, 0.05 * file_bytes + 20000);
}

TEST_P(EveryOptimizer, AFileThatIsNotItsOwnIsRefused) {
  const TemporaryFolder folder;
  const auto path = folder / "optimizer.safetensors";
  const auto optimizer = kind().make(table_);
  optimizer->save(path);
  std::string bytes = read_file(path);
  bytes[bytes.size() - 100] ^= 1;
  write_file_atomically(path, bytes);
  const std::string remedy = "; the checkpoint is damaged: remove its folder and go on from an earlier one";
  try {
    optimizer->load(path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), path.string() + ": its numbers are not those that were saved" + remedy);
  }
  const std::string_view other = GetParam() == "adamw" ? "muon" : "adamw";
  find_optimizer(other).make(table_)->save(path);
  try {
    optimizer->load(path);
    FAIL();
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_TRUE(text.ends_with("' is missing" + remedy)) << text;
  }
}

TEST_P(EveryOptimizer, LeavesAllAsItWasForAGradientThatIsNotFinite) {
  const auto optimizer = kind().make(table_);
  Buffer<float> weights = first_weights(), gradients(table_.trainable_size());
  gradients[table_[1].offset] = NAN;
  EXPECT_THROW((void)optimizer->step(config_, config_.lr, gradients.span(), weights.data()), Error);
  EXPECT_EQ(optimizer->steps(), 0);
  const Buffer<float> before = first_weights();
  EXPECT_TRUE(std::ranges::equal(weights.span(), before.span()));
}

TEST(Optimizers, HaveTheSizesOfTheirKinds) {
  const ParameterTable table({.vocabulary = 4096,
                              .hidden = 256,
                              .feed_forward = 1024,
                              .layers = 4,
                              .attention = {.heads = 4, .kv_heads = 4, .head_dim = 64},
                              .context = 64,
                              .tied_embeddings = true});
  const auto bytes_a_weight = [&](const char* kind) {
    return static_cast<double>(find_optimizer(kind).memory(table)) / static_cast<double>(table.count());
  };
  EXPECT_NEAR(bytes_a_weight("adamw"), 8, 0.01);
  EXPECT_NEAR(bytes_a_weight("adamw-bf16"), 4, 0.01);
  EXPECT_NEAR(bytes_a_weight("adamw-8bit"), 2.03125, 0.01);
  EXPECT_LT(bytes_a_weight("adafactor"), 0.03);
  EXPECT_NEAR(bytes_a_weight("muon"), 4 + 4 * 4096 * 256.0 / static_cast<double>(table.count()), 0.01);
}

}  // namespace
}  // namespace deepscaler
