#include "formats/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "formats/mutation.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> as_bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string with_header(const std::string& header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof length);
  return file + header + std::string(data_bytes, 'x');
}

std::string error_of(const std::string& file) {
  try {
    const SafetensorsFile parsed(as_bytes_of(file), "f");
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

class SafetensorsFolderTest : public testing::Test {
 protected:
  std::string folder_error() const {
    try {
      const SafetensorsFolder opened(folder_);
      return "no error";
    } catch (const Error& error) {
      return std::string(error.what()).substr(folder_.string().size());
    }
  }

  void write_shard(const std::string& file, const std::string& tensor, float value) const {
    SafetensorsWriter writer(folder_ / file, {{tensor, DType::kF32, {1}}});
    writer.write(std::as_bytes(std::span(&value, 1)));
    writer.commit();
  }

  TemporaryFolder folder_holder_;
  const fs::path folder_ = folder_holder_.path();
};

TEST(Safetensors, ReadsWhatTheReferenceWrote) {
  const SafetensorsFile file(DEEPSCALER_GOLDENS "/formats/reference.safetensors");
  EXPECT_EQ(file.metadata().at("format"), "pt");
  ASSERT_EQ(file.tensors().all().size(), 4u);
  const StoredTensor* matrix = file.tensors().find("matrix");
  ASSERT_NE(matrix, nullptr);
  EXPECT_EQ(matrix->dtype, DType::kF32);
  EXPECT_EQ(matrix->shape, (std::vector<int64_t>{2, 3}));
  float last;
  std::memcpy(&last, &matrix->bytes[20], sizeof last);
  EXPECT_EQ(last, 5.0f);
  EXPECT_EQ(file.tensors().find("half")->dtype, DType::kF16);
  EXPECT_EQ(file.tensors().find("brain")->dtype, DType::kBF16);
  EXPECT_TRUE(file.tensors().find("empty")->bytes.empty());
  EXPECT_EQ(file.tensors().find("matri"), nullptr);
}

TEST_F(SafetensorsFolderTest, WhatIsWrittenComesBack) {
  const std::vector<float> a = {1, 2, 3, 4, 5, 6};
  const std::vector<uint16_t> b = {0x3f80, 0x4000, 0x4040};
  {
    SafetensorsWriter writer(folder_ / "model.safetensors",
                             {{"b", DType::kBF16, {3}}, {"a", DType::kF32, {3, 2}}, {"s", DType::kF32, {}}},
                             {{"step", "7"}});
    writer.write(std::as_bytes(std::span(b)));
    writer.write(std::as_bytes(std::span(a)).first(10));
    writer.write(std::as_bytes(std::span(a)).subspan(10));
    writer.write(std::as_bytes(std::span(a)).first(4));
    EXPECT_FALSE(fs::exists(folder_ / "model.safetensors"));
    writer.commit();
  }
  const SafetensorsFile file(folder_ / "model.safetensors");
  EXPECT_EQ(file.metadata().at("step"), "7");
  const StoredTensor* tensor = file.tensors().find("a");
  EXPECT_EQ(tensor->shape, (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(std::memcmp(tensor->bytes.data(), a.data(), 24), 0);
  EXPECT_EQ(std::memcmp(file.tensors().find("b")->bytes.data(), b.data(), 6), 0);
  EXPECT_TRUE(file.tensors().find("s")->shape.empty());
}

TEST_F(SafetensorsFolderTest, FollowsTheIndexToItsShards) {
  write_shard("one.safetensors", "a", 1);
  write_shard("two.safetensors", "b", 2);
  const fs::path index = folder_ / "model.safetensors.index.json";
  write_file_atomically(index, R"({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}})");
  EXPECT_EQ(SafetensorsFolder(folder_).tensors().all().size(), 2u);

  write_file_atomically(index, R"({"weight_map": {"a": "one.safetensors", "b": "one.safetensors"}})");
  EXPECT_EQ(folder_error(),
            "/model.safetensors.index.json: tensor 'b' is not in 'one.safetensors'; the file is damaged; get "
            "it again");
  write_file_atomically(index, R"({"weight_map": {"a": "../one.safetensors"}})");
  EXPECT_EQ(
      folder_error(),
      "/model.safetensors.index.json: weight_map names something that is no file of this folder; the file is "
      "damaged; get it again");
  write_file_atomically(index, R"({"weight_map": {"a": "none.safetensors"}})");
  EXPECT_EQ(folder_error(),
            "/model.safetensors.index.json: names 'none.safetensors', which is not there; the model is not "
            "complete: "
            "get the rest of its files");
  fs::remove(index);
  EXPECT_EQ(folder_error(),
            ": has neither model.safetensors nor model.safetensors.index.json; name a folder that holds a "
            "Hugging Face "
            "model");
}

TEST(Safetensors, BadFilesGiveOneClearLine) {
  const std::string damaged = "; the file is damaged; get it again";
  const auto tensor = [](const std::string& entry) { return R"({"t":{"dtype":"F32",)" + entry + "}}"; };
  const struct {
    std::string file, error;
  } kCases[] = {
      {"", "f: too short for a safetensors file" + damaged},
      {std::string("\x09\0\0\0\0\0\0\0{}", 10), "f: header of 9 bytes in a file of 10" + damaged},
      {std::string(8, '\xff') + "{}", "f: header of 18446744073709551615 bytes in a file of 10" + damaged},
      {with_header("{\"a\":", 0), "f: header: not valid JSON at byte 6; check that the file is complete"},
      {with_header("[]", 0), "f: the header is not a JSON object" + damaged},
      {with_header(std::string(200, '['), 0), "f: header: JSON nested deeper than 100 levels; flatten it"},
      {with_header(R"({"a":1,"a":2})", 0),
       "f: header: JSON key 'a' appears twice in one object; remove one of them"},
      {with_header(R"({"t":1})", 0), "f: tensor 't': is not described by an object" + damaged},
      {with_header(R"({"t":{"dtype":"I4","shape":[1],"data_offsets":[0,8]}})", 8),
       "f: tensor 't': unsupported dtype 'I4'; convert the tensor to F32, F16 or BF16"},
      {with_header(R"({"t":{"dtype":"Q8_0","shape":[32],"data_offsets":[0,34]}})", 34),
       "f: tensor 't': unsupported dtype 'Q8_0'; convert the tensor to F32, F16 or BF16"},
      {with_header(tensor(R"("shape":[-1],"data_offsets":[0,4])"), 4),
       "f: tensor 't': 'shape' has a value that is not a size" + damaged},
      {with_header(tensor(R"("shape":[1.5],"data_offsets":[0,4])"), 4),
       "f: tensor 't': 'shape' has a value that is not a size" + damaged},
      {with_header(tensor(R"("shape":[18446744073709551615],"data_offsets":[0,4])"), 4),
       "f: tensor 't': 'shape' has a value that is not a size" + damaged},
      {with_header(tensor(R"("shape":[9223372036854775807,4],"data_offsets":[0,4])"), 4),
       "f: tensor 't': shape [9223372036854775807, 4] of F32 is too large" + damaged},
      {with_header(tensor(R"("shape":[2],"data_offsets":[0,4])"), 4),
       "f: tensor 't': shape needs 8 bytes, data_offsets give 4" + damaged},
      {with_header(tensor(R"("shape":[2],"data_offsets":[0,8])"), 4),
       "f: tensor 't': data_offsets lie outside the 4 bytes of data" + damaged},
      {with_header(tensor(R"("shape":[2],"data_offsets":[8,0])"), 8),
       "f: tensor 't': data_offsets lie outside the 8 bytes of data" + damaged},
      {with_header(tensor(R"("shape":[1],"data_offsets":[4,8])"), 8),
       "f: tensor 't' leaves a hole before it" + damaged},
      {with_header(tensor(R"("shape":[1],"data_offsets":[0,4])"), 8),
       "f: 4 bytes after the last tensor" + damaged},
      {with_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                   R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                   8),
       "f: tensor 'b' overlaps another" + damaged},
      {with_header(R"({"__metadata__":{"a":1}})", 0), "f: __metadata__ 'a' is not a string" + damaged},
  };
  for (const auto& [file, error] : kCases) EXPECT_EQ(error_of(file), error);
}

TEST(Safetensors, DamagedFilesNeverDoWorseThanAnError) {
  const std::string good = read_file(DEEPSCALER_GOLDENS "/formats/reference.safetensors");
  int refused = 0;
  for (uint64_t i = 0; i < 20000; ++i) {
    const std::string file = mutated(good, i);
    try {
      const SafetensorsFile parsed(as_bytes_of(file), "f");
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 10000);
}

}  // namespace
}  // namespace deepscaler
