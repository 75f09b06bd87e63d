#include "export/gguf_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "export/hf_folder.h"
#include "export/input_squares.h"
#include "formats/mutation.h"
#include "model/model.h"
#include "tensor/dequantize.h"
#include "tensor/quantize.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

const fs::path kGoldens = DEEPSCALER_GOLDENS;

// A golden model with a tokenizer, as a folder.
fs::path with_tokenizer(const TemporaryFolder& folder, const std::string& name) {
  const fs::path path = folder / (name + "-folder");
  write_hf_folder(Model::load(kGoldens / "models" / name), byte_tokenizer(), DType::kF32, path);
  return path;
}

GgufOptions options_of(const char* type) { return {.mix = {.type = find_file_type(type)}}; }

fs::path exported(const fs::path& model, const fs::path& path, const GgufOptions& options) {
  const ModelFile source(model);
  GgufExport(source, options).write(path, [](int64_t) {});
  return path;
}

std::string error_of(const fs::path& model, const fs::path& path, const GgufOptions& options) {
  try {
    exported(model, path, options);
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(GgufExport, TensorsAreThoseOfTheReference) {
  const TemporaryFolder folder;
  const GgufFile ours(exported(with_tokenizer(folder, "llama3"), folder / "f.gguf", options_of("F32")));
  const GgufFile theirs(kGoldens / "gguf" / "llama3.gguf");
  ASSERT_EQ(ours.tensors().all().size(), theirs.tensors().all().size());
  for (const StoredTensor& tensor : theirs.tensors().all()) {
    const StoredTensor* found = ours.tensors().find(tensor.name);
    ASSERT_NE(found, nullptr) << tensor.name;
    EXPECT_EQ(found->shape, tensor.shape) << tensor.name;
    EXPECT_EQ(found->dtype, tensor.dtype) << tensor.name;
    EXPECT_TRUE(std::ranges::equal(found->bytes, tensor.bytes)) << tensor.name;
  }
  for (const auto key : theirs.keys()) {
    if (!key.starts_with("llama.")) continue;
    ASSERT_NE(ours.find(key), nullptr) << key;
    EXPECT_EQ(ours.find(key)->type, theirs.find(key)->type) << key;
    EXPECT_TRUE(std::ranges::equal(ours.find(key)->bytes, theirs.find(key)->bytes)) << key;
  }
}

TEST(GgufExport, ToAGgufFileAndBackLosesNothing) {
  const TemporaryFolder folder;
  for (const char* name : {"llama", "llama3", "qwen2", "qwen3"}) {
    const Model model = Model::load(kGoldens / "models" / name);
    const fs::path file =
        exported(with_tokenizer(folder, name), folder / (std::string(name) + ".gguf"), options_of("F32"));
    const Model back = Model::load(file);
    EXPECT_EQ(back.hash(), model.hash()) << name;
    std::vector<int32_t> ends = model.config().eos;
    ends.insert(ends.begin(), kByteTokenizerEos);  // the tokenizer's own, which the config does not name
    EXPECT_EQ(back.config().eos, ends) << name;
    EXPECT_EQ(back.config().bos, model.config().bos) << name;
    EXPECT_EQ(back.config().context, model.config().context) << name;
    EXPECT_EQ(back.config().norm_eps, model.config().norm_eps) << name;
    EXPECT_EQ(back.config().tied_embeddings, model.config().tied_embeddings) << name;
    const auto ours = model.config().rope_frequencies(), theirs = back.config().rope_frequencies();
    for (size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(theirs[i] / ours[i], 1, 1e-6) << name;

    const fs::path again = folder / (std::string(name) + "-again");
    write_hf_folder(back, Tokenizer::load(file), DType::kF32, again);
    EXPECT_EQ(Model::load(again).hash(), model.hash()) << name;
    EXPECT_EQ(Tokenizer::load(again).encode("a b<|endoftext|>"), byte_tokenizer().encode("a b<|endoftext|>"));
    EXPECT_EQ(Tokenizer::load(again).size(), byte_tokenizer().size()) << "ids without a token stay so";
  }
}

// The same tensors, byte for byte and in the same order, and the same keys in any order.
void expect_same_contents(const fs::path& path, const fs::path& other) {
  const GgufFile a(path), b(other);
  EXPECT_EQ(a.keys(), b.keys());
  ASSERT_EQ(a.tensors().all().size(), b.tensors().all().size());
  for (size_t i = 0; i < a.tensors().all().size(); ++i) {
    const StoredTensor &ours = a.tensors().all()[i], &theirs = b.tensors().all()[i];
    EXPECT_EQ(ours.name, theirs.name);
    EXPECT_EQ(ours.dtype, theirs.dtype) << ours.name;
    EXPECT_TRUE(std::ranges::equal(ours.bytes, theirs.bytes)) << ours.name;
  }
}

// A model of 256 columns, so that no format falls back.
fs::path random_model(const TemporaryFolder& folder, Architecture architecture) {
  Model model({.architecture = architecture,
               .vocabulary = 260,
               .hidden = 256,
               .feed_forward = 512,
               .layers = 2,
               .attention = {.heads = 8, .kv_heads = 2, .head_dim = 32},
               .context = 64,
               .tied_embeddings = false,
               .attention_bias = architecture == Architecture::kQwen2,
               .eos = {256}});
  randomize(model, 1, 0.05f);
  const fs::path path = folder / "random";
  write_hf_folder(model, byte_tokenizer(), DType::kF32, path);
  return path;
}

// Rows of a parameter as they stand in a GGUF file.
Matrix rows_of(const ModelFile& file, const ParameterInfo& info) {
  Matrix rows(info.rows, info.cols);
  file.read_rows(info, RowOrder::kGguf, 0, rows.view());
  return rows;
}

TEST(GgufExport, EveryTypeHoldsTheBlocksOfItsFormats) {
  const TemporaryFolder folder;
  const fs::path model = random_model(folder, Architecture::kLlama);
  const ModelFile source(model);
  for (const FileType& type : file_types()) {
    const fs::path path =
        exported(model, folder / (std::string(type.name) + ".gguf"), {.mix = {.type = &type}});
    const ModelFile back(path);
    EXPECT_EQ(back.gguf()->integer("general.file_type"), type.number);
    EXPECT_EQ(back.gguf()->integer("general.quantization_version"), 2);
    for (const ParameterInfo& info : source.table().all()) {
      const Matrix rows = rows_of(source, info);
      const StoredTensor& stored = back.tensor(info);
      std::vector<std::byte> blocks(stored.bytes.size());
      EXPECT_EQ(quantize(stored.dtype, rows.view(), {}, blocks), std::nullopt);
      EXPECT_TRUE(std::ranges::equal(stored.bytes, blocks)) << type.name << " " << info.name;
    }
    EXPECT_EQ(Model::load(path).table().count(), source.table().count());
  }
}

TEST(GgufExport, FromAGgufFileAsFromItsFolder) {
  const TemporaryFolder folder;
  const fs::path model = random_model(folder, Architecture::kQwen2);
  const fs::path whole = exported(model, folder / "f32.gguf", options_of("F32"));
  const fs::path direct = exported(model, folder / "direct.gguf", options_of("Q5_K_M"));
  const fs::path twice = exported(whole, folder / "twice.gguf", options_of("Q5_K_M"));
  expect_same_contents(direct, twice);
}

TEST(GgufExport, QuantizingTwiceMustBeAskedFor) {
  const TemporaryFolder folder;
  const fs::path model = random_model(folder, Architecture::kLlama);
  const fs::path quantized = exported(model, folder / "q4.gguf", options_of("Q4_0"));
  EXPECT_EQ(error_of(quantized, folder / "x.gguf", options_of("Q5_1")),
            quantized.string() +
                ": tensor 'token_embd.weight' is in Q4_0 already, and in Q5_1 it would lose once more; start "
                "from a file that is not quantized, or give --allow-requantize");
  GgufOptions allowed = options_of("Q5_1");
  allowed.allow_requantize = true;
  EXPECT_EQ(error_of(quantized, folder / "x.gguf", allowed), "no error");
  // The same blocks, and floats that they stand for, lose nothing.
  exported(quantized, folder / "same.gguf", options_of("Q4_0"));
  expect_same_contents(folder / "same.gguf", quantized);
  exported(quantized, folder / "f32.gguf", options_of("F32"));
  EXPECT_EQ(Model::load(folder / "f32.gguf").hash(), Model::load(quantized).hash());
}

TEST(GgufExport, WeighsColumnsByTheirInputs) {
  const TemporaryFolder folder;
  const fs::path path = random_model(folder, Architecture::kLlama);
  const Model model = Model::load(path);
  InputSquares squares(model);
  std::vector<int32_t> tokens;
  for (int32_t i = 0; i < 40; ++i) tokens.push_back(i * 7 % 256);
  squares.add(tokens);
  squares.add(std::span(tokens).first(16));
  ImportanceMatrix importance = squares.result();
  importance.datasets = {"numbers"};
  write_importance(importance, folder / "i.gguf");
  const ImportanceMatrix read = read_importance(folder / "i.gguf");
  EXPECT_EQ(read.chunks, 2);
  EXPECT_EQ(read.chunk_tokens, 40);
  EXPECT_EQ(read.datasets, importance.datasets);
  ASSERT_EQ(read.inputs.size(), 14u) << "seven matrices of two layers";

  // The first norm's output is plain to compute: its squares sum to `hidden` a token, since norms are one.
  const auto& q = read.inputs.at("blk.0.attn_q.weight");
  EXPECT_EQ(q.count, 56);
  double sum = 0;
  for (const float square : q.squares) sum += square;
  EXPECT_NEAR(sum / (256 * 56), 1, 0.02);
  EXPECT_EQ(q.squares, read.inputs.at("blk.0.attn_k.weight").squares);
  EXPECT_EQ(read.columns("blk.0.attn_q.weight", 256)[3], q.squares[3] / 56);
  EXPECT_TRUE(read.columns("output.weight", 256).empty());
  EXPECT_THROW((void)read.columns("blk.0.attn_q.weight", 128), Error);

  GgufOptions options = options_of("Q4_K_M");
  const fs::path plain = exported(path, folder / "plain.gguf", options);
  options.importance = read;
  const ModelFile source(path), weighted(exported(path, folder / "weighted.gguf", options));
  EXPECT_EQ(weighted.gguf()->integer("quantize.imatrix.chunks_count"), 2);
  for (const ParameterInfo& info : source.table().all()) {
    const StoredTensor& stored = weighted.tensor(info);
    const auto columns = read.columns(gguf_parameter_name(info.name), info.cols);
    std::vector<std::byte> blocks(stored.bytes.size());
    EXPECT_EQ(quantize(stored.dtype, rows_of(source, info).view(), columns, blocks), std::nullopt);
    EXPECT_TRUE(std::ranges::equal(stored.bytes, blocks)) << info.name;
  }
  const ParameterInfo& gate = source.table().all()[static_cast<size_t>(source.table().layer(1).gate)];
  EXPECT_FALSE(std::ranges::equal(ModelFile(plain).tensor(gate).bytes, weighted.tensor(gate).bytes));
}

TEST(GgufExport, RefusesWhatDoesNotFit) {
  const TemporaryFolder folder;
  const fs::path path = random_model(folder, Architecture::kLlama);
  Model model = Model::load(path);
  const ParameterInfo& down = model.table().all()[static_cast<size_t>(model.table().layer(1).down)];
  Matrix rows(down.rows, down.cols);
  read_parameter(down, model.weights(), rows.view());
  rows.row(5)[7] = 1e8f;
  write_parameter(down, rows.view(), model.edit_weights().data());
  const fs::path large = folder / "large";
  write_hf_folder(model, byte_tokenizer(), DType::kF32, large);
  EXPECT_EQ(error_of(large, folder / "x.gguf", options_of("F16")),
            large.string() +
                ": tensor 'model.layers.1.mlp.down_proj.weight' has numbers too large for F16 in row 5; use "
                "BF16 or F32");
  EXPECT_FALSE(fs::exists(folder / "x.gguf"));
  EXPECT_FALSE(fs::exists(folder / "x.gguf.tmp"));

  rows.row(5)[7] = NAN;
  write_parameter(down, rows.view(), model.edit_weights().data());
  const fs::path broken = folder / "broken";
  write_hf_folder(model, byte_tokenizer(), DType::kF32, broken);
  EXPECT_EQ(error_of(broken, folder / "x.gguf", options_of("Q4_0")),
            broken.string() +
                ": tensor 'model.layers.1.mlp.down_proj.weight' holds a number that is not finite, at 2567; "
                "the file is damaged or the model has diverged");
}

TEST(GgufExport, RefusesWhatAFileCantSay) {
  const TemporaryFolder folder;
  const std::string remedy = "; use the Hugging Face folder as it is";
  ModelConfig config{.vocabulary = 260,
                     .hidden = 64,
                     .feed_forward = 64,
                     .layers = 1,
                     .attention = {.heads = 2, .kv_heads = 2, .head_dim = 32},
                     .context = 64};
  const auto error = [&](const char* name) {
    write_hf_folder(Model(config), byte_tokenizer(), DType::kF32, folder / name);
    return error_of(folder / name, folder / "x.gguf", options_of("F32"));
  };
  config.activation = Activation::kGelu;
  EXPECT_EQ(error("gelu"),
            (folder / "gelu").string() + ": has the activation gelu; a GGUF file can't say so" + remedy);
  config.activation = Activation::kSilu;
  config.head = HeadKind::kTokenScore;
  EXPECT_EQ(error("score"), (folder / "score").string() +
                                ": has a head of one number; a GGUF file holds language models" + remedy);
  config.head = HeadKind::kLanguageModel;
  config.rope_scaling =
      YarnRopeScaling{.factor = 2, .original_context = 32, .attention_factor = 1, .truncate = false};
  EXPECT_EQ(error("yarn"), (folder / "yarn").string() +
                               ": has YaRN scaling that is not truncated, which a GGUF file can't say" +
                               remedy);
  config.rope_scaling = {};
  config.vocabulary = 250;
  EXPECT_EQ(error("few"),
            (folder / "few" / "tokenizer.json").string() +
                ": has 257 tokens, and the model 250; tokenizer and weights must be of one model");
}

TEST(GgufExport, RopeScalingAndSamplingGoAlong) {
  const TemporaryFolder folder;
  ModelConfig config{.vocabulary = 260,
                     .hidden = 64,
                     .feed_forward = 64,
                     .layers = 1,
                     .attention = {.heads = 2, .kv_heads = 2, .head_dim = 32},
                     .context = 64,
                     .eos = {3, 4, 5, 6}};
  for (const RopeScaling& scaling :
       {RopeScaling(LinearRopeScaling{4}),
        RopeScaling(
            YarnRopeScaling{.factor = 4, .original_context = 16, .attention_factor = 1.5, .beta_fast = 16}),
        RopeScaling(YarnRopeScaling{.factor = 4,
        .original_context = 16,
        .attention_factor = yarn_attention_factor(4),
        .beta_slow = 2})}) {
    config.rope_scaling = scaling;
    const fs::path path = folder / fmt::format("scaling{}", scaling.index());
    fs::remove_all(path);
    write_hf_folder(Model(config), byte_tokenizer(), DType::kF32, path);
    write_file_atomically(path / "generation_config.json",
                          R"({"temperature": 0.6, "top_p": 0.95, "top_k": 20, "min_p": "none"})");
    fs::remove(folder / "x.gguf");
    const GgufFile file(exported(path, folder / "x.gguf", options_of("F32")));
    const ModelConfig back = read_gguf_config(file);
    EXPECT_EQ(back.rope_scaling.index(), scaling.index());
    const auto ours = config.rope_frequencies(), theirs = back.rope_frequencies();
    for (size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(theirs[i] / ours[i], 1, 1e-6);
    EXPECT_NEAR(rope_magnitude(back.rope_scaling), rope_magnitude(scaling), 1e-6);
    EXPECT_EQ(file.number("general.sampling.temp"), 0.6f);
    EXPECT_EQ(file.number("general.sampling.top_p"), 0.95f);
    EXPECT_EQ(file.find("general.sampling.top_k")->type, GgufType::kI32);
    EXPECT_EQ(file.integer("general.sampling.top_k"), 20);
    EXPECT_EQ(file.find("general.sampling.min_p"), nullptr);
    // The tokenizer's own end, then the others.
    std::vector<int32_t> ends = back.eos;
    std::ranges::sort(ends);
    EXPECT_EQ(ends, (std::vector<int32_t>{3, 4, 5, 6, 256}));
  }
}

// One layer of the smallest width that no format falls back from.
fs::path smallest_model(const TemporaryFolder& folder) {
  Model model({.vocabulary = 257,
               .hidden = 256,
               .feed_forward = 256,
               .layers = 1,
               .attention = {.heads = 8, .kv_heads = 2, .head_dim = 32},
               .context = 64,
               .tied_embeddings = true});
  randomize(model, 1, 0.05f);
  write_hf_folder(model, byte_tokenizer(), DType::kF32, folder / "m");
  return folder / "m";
}

TEST(GgufExport, ScalesThatAreNoNumbersAreRefusedInEveryFormat) {
  const TemporaryFolder folder;
  const fs::path whole = smallest_model(folder);
  for (const FileType& type : file_types()) {
    if (block_elements(type.base) == 1) continue;
    const fs::path path =
        exported(whole, folder / (std::string(type.name) + ".gguf"), {.mix = {.type = &type, .pure = true}});
    std::string bytes = read_file(path);
    // A scale that is not a number, in the first block of a matrix.
    const GgufFile file(path);
    const StoredTensor& matrix = *file.tensors().find("blk.0.ffn_up.weight");
    const size_t scale = matrix.dtype == DType::kQ6_K ? 208 : 0;
    const size_t at = bytes.find(std::string(reinterpret_cast<const char*>(matrix.bytes.data()), 64));
    ASSERT_NE(at, std::string::npos);
    bytes[at + scale] = '\x01';
    bytes[at + scale + 1] = '\x7e';
    const fs::path damaged = folder / "damaged.gguf";
    write_file_atomically(damaged, bytes);
    for (const auto& use : {std::function<void()>([&] { (void)Model::load(damaged); }),
                            std::function<void()>([&] { (void)Model::load(damaged, QuantizedAs::kBlocks); }),
                            std::function<void()>([&] {
                              const ModelFile source(damaged);
                              GgufExport(source, options_of("F32")).write(folder / "x.gguf", [](int64_t) {});
                            })}) {
      try {
        use();
        FAIL() << type.name;
      } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()),
                  damaged.string() +
                      ": tensor 'blk.0.ffn_up.weight' holds a number that is not finite, at 0; the file is "
                      "damaged or the model has diverged");
      }
    }
  }
}

// Whatever the keys and the table of tensors say: an error, or a model of the file's own size.
TEST(GgufExport, DamagedFilesOfEveryFormatNeverDoWorseThanAnError) {
  const TemporaryFolder folder;
  const fs::path whole = smallest_model(folder);
  constexpr uint64_t kMutations = 24;
  for (const FileType& type : file_types()) {
    const fs::path path = folder / "f.gguf";
    fs::remove(path);
    const std::string bytes = read_file(exported(whole, path, {.mix = {.type = &type, .pure = true}}));
    // Behind the tokens, which take most of the head, stand the other keys and the tensors.
    const size_t from = bytes.find("tokenizer.ggml.merges"), to = bytes.find("output_norm.weight") + 2000;
    int refused = 0;
    for (uint64_t i = 0; i < kMutations; ++i) {
      write_file_atomically(
          path, bytes.substr(0, from) + mutated(bytes.substr(from, to - from), i) + bytes.substr(to));
      for (const int use : {0, 1, 2}) {
        try {
          if (use == 0) {
            (void)Model::load(path);
          } else if (use == 1) {
            Model model = Model::load(path, QuantizedAs::kBlocks);
            model.compute_in(ComputeType::kF32, model.is_quantized() ? Products::kInteger : Products::kFloat);
            (void)model.hash();  // reads all blocks
          } else {
            const ModelFile source(path);
            EXPECT_LE(std::ssize(GgufExport(source, {.mix = {.type = &type}}).tensors()), 11);
          }
        } catch (const Error&) {
          ++refused;
        }
      }
    }
    EXPECT_GT(refused, static_cast<int>(kMutations)) << type.name;
  }
}

}  // namespace
}  // namespace deepscaler
