#include "formats/gguf_writer.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

std::span<const std::byte> bytes_of(std::span<const float> values) { return std::as_bytes(values); }

TEST(GgufWriter, WritesWhatTheReaderReads) {
  const TemporaryFolder folder;
  GgufKeys keys;
  keys.set_string("general.architecture", "none yet");
  keys.set_u32("a.u32", 4000000000);
  keys.set_i32("a.i32", -7);
  keys.set_f32("a.f32", 0.5f);
  keys.set_bool("a.bool", true);
  const std::vector<std::string> words = {"one", "", "drei"};
  keys.set_strings("a.strings", words);
  const std::vector<int32_t> numbers = {1, -2, 3};
  keys.set_i32s("a.integers", numbers);
  keys.set_i32("a.gone", 1);
  keys.remove("a.gone");
  keys.set_string("general.architecture", "llama");
  EXPECT_EQ(keys.count(), 7u);

  // Sizes that need padding, a tensor without elements, a tensor in pieces.
  const std::vector<float> first = {1, 2, 3};
  const std::vector<float> second = {4, 5, 6, 7, 8, 9};
  const std::string blocks(2 * 34, 'q');
  GgufWriter writer(folder / "f.gguf", keys,
                    {{"first", DType::kF32, {3}},
                     {"empty", DType::kF32, {0, 4}},
                     {"second", DType::kF32, {3, 2}},
                     {"blocks", DType::kQ8_0, {1, 64}}});
  writer.write(bytes_of(first));
  writer.write(bytes_of(second).first(5));
  EXPECT_FALSE(std::filesystem::exists(folder / "f.gguf"));
  writer.write(bytes_of(second).subspan(5));
  writer.write(std::as_bytes(std::span(blocks)));
  writer.commit();

  EXPECT_EQ(std::filesystem::file_size(folder / "f.gguf") % 32, 0u) << "the last tensor is padded too";
  const GgufFile file(folder / "f.gguf");
  EXPECT_EQ(file.string("general.architecture"), "llama");
  EXPECT_EQ(file.find("a.u32")->type, GgufType::kU32);
  EXPECT_EQ(file.integer("a.u32"), 4000000000);
  EXPECT_EQ(file.find("a.i32")->type, GgufType::kI32);
  EXPECT_EQ(file.integer("a.i32"), -7);
  EXPECT_EQ(file.number("a.f32"), 0.5);
  EXPECT_EQ(file.find_bool("a.bool"), true);
  EXPECT_EQ(file.strings("a.strings"), (std::vector<std::string_view>{"one", "", "drei"}));
  EXPECT_EQ(file.find_integers("a.integers"), (std::vector<int64_t>{1, -2, 3}));
  EXPECT_EQ(file.find("a.gone"), nullptr);
  const StoredTensor* tensor = file.tensors().find("second");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->shape, (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(std::memcmp(tensor->bytes.data(), second.data(), tensor->bytes.size()), 0);
  EXPECT_EQ(file.tensors().find("blocks")->dtype, DType::kQ8_0);
  EXPECT_EQ(std::memcmp(file.tensors().find("blocks")->bytes.data(), blocks.data(), blocks.size()), 0);
}

TEST(GgufWriter, CopiesTheKeysOfAnotherFile) {
  const TemporaryFolder folder;
  const GgufFile original(DEEPSCALER_GOLDENS "/formats/reference.gguf");
  GgufKeys keys;
  for (const auto key : original.keys()) keys.copy(key, *original.find(key));
  GgufWriter(folder / "copy.gguf", keys, {}).commit();
  const GgufFile copy(folder / "copy.gguf");
  ASSERT_EQ(copy.keys(), original.keys());
  for (const auto key : original.keys()) {
    const GgufValue& a = *original.find(key);
    const GgufValue& b = *copy.find(key);
    EXPECT_EQ(a.type, b.type) << key;
    EXPECT_EQ(a.is_array, b.is_array) << key;
    EXPECT_TRUE(std::ranges::equal(a.bytes, b.bytes)) << key;
  }
}

TEST(GgufWriter, LeavesNothingWhereItIsNotFinished) {
  const TemporaryFolder folder;
  { const GgufWriter writer(folder / "f.gguf", {}, {{"t", DType::kF32, {3}}}); }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace deepscaler
