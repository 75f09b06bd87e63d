#include "model/model_file.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "model/model.h"

namespace deepscaler {
namespace {

const std::filesystem::path kGoldens = DEEPSCALER_GOLDENS;

Matrix rows_of(const ModelFile& file, const ParameterInfo& info, RowOrder order) {
  Matrix rows(info.rows, info.cols);
  file.read_rows(info, order, 0, rows.view());
  return rows;
}

bool same(const Matrix& a, const Matrix& b) {
  return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size());
}

TEST(ModelFile, HasTheParametersOfTheLoadedModel) {
  for (const char* name : {"llama", "llama3", "qwen2", "qwen3"}) {
    const Model model = Model::load(kGoldens / "models" / name);
    const ModelFile file(kGoldens / "models" / name);
    EXPECT_EQ(file.gguf(), nullptr);
    ASSERT_EQ(file.table().size(), model.table().size());
    for (const ParameterInfo& info : file.table().all()) {
      Matrix loaded(info.rows, info.cols);
      read_parameter(info, model.weights(), loaded.view());
      EXPECT_TRUE(same(rows_of(file, info, RowOrder::kHuggingFace), loaded)) << name << " " << info.name;
    }
  }
}

TEST(ModelFile, ReadsEitherOrderOfRowsFromEitherKindOfFile) {
  const ModelFile folder(kGoldens / "models" / "llama3"), gguf(kGoldens / "gguf" / "llama3.gguf");
  ASSERT_NE(gguf.gguf(), nullptr);
  int turned = 0;
  for (const ParameterInfo& info : folder.table().all()) {
    const Matrix plain = rows_of(folder, info, RowOrder::kHuggingFace);
    const Matrix neighbours = rows_of(folder, info, RowOrder::kGguf);
    EXPECT_TRUE(same(rows_of(gguf, info, RowOrder::kHuggingFace), plain)) << info.name;
    EXPECT_TRUE(same(rows_of(gguf, info, RowOrder::kGguf), neighbours)) << info.name;
    turned += same(plain, neighbours) ? 0 : 1;
    // In pieces as at once.
    if (info.rows < 3) continue;
    Matrix piece(2, info.cols);
    folder.read_rows(info, RowOrder::kGguf, 1, piece.view());
    EXPECT_TRUE(std::equal(piece.row(0), piece.row(0) + 2 * info.cols, neighbours.row(1))) << info.name;
  }
  EXPECT_EQ(turned, 2 * folder.config().layers) << "q and k of every layer";
}

TEST(ModelFile, NamesInGgufFiles) {
  EXPECT_EQ(gguf_parameter_name("model.layers.12.self_attn.o_proj.weight"), "blk.12.attn_output.weight");
  EXPECT_EQ(gguf_parameter_name("model.layers.0.self_attn.q_proj.bias"), "blk.0.attn_q.bias");
  EXPECT_EQ(gguf_parameter_name("lm_head.weight"), "output.weight");
}

TEST(ModelFile, SaysWhatIsNoModel) {
  const auto error = [](const std::filesystem::path& path) -> std::string {
    try {
      const ModelFile file(path);
      return "no error";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(
      error("nothing"),
      "nothing: is neither a folder with a config.json nor a .gguf file; name a model: an HF folder or a "
      "GGUF file");
  const TemporaryFolder folder;
  write_file_atomically(folder / "config.json", "{}");
  EXPECT_NE(error(folder / "nothing").find("neither a folder"), std::string::npos);
  write_file_atomically(folder / "model.safetensors", "");
  EXPECT_EQ(error(folder / "model.safetensors"),
            fmt::format("{}: is one file of a model's folder; name the folder, {}",
                        (folder / "model.safetensors").string(), folder.path().string()));
}

}  // namespace
}  // namespace deepscaler
