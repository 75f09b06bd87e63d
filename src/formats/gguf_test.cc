#include "formats/gguf.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "formats/mutation.h"

namespace deepscaler {
namespace {

std::span<const std::byte> as_bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

template <typename T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string raw_string(const std::string& text) { return raw<uint64_t>(text.size()) + text; }

std::string head(uint64_t tensors, uint64_t keys, uint32_t version = 3) {
  return "GGUF" + raw(version) + raw(tensors) + raw(keys);
}
std::string tensor_info(const std::string& name, const std::vector<uint64_t>& dims, uint32_t type,
                        uint64_t offset) {
  std::string info = raw_string(name) + raw<uint32_t>(static_cast<uint32_t>(dims.size()));
  for (const uint64_t dimension : dims) info += raw(dimension);
  return info + raw(type) + raw(offset);
}
std::string padded(std::string file, size_t data_bytes) {
  file.append(-file.size() % 32, '\0');
  return file + std::string(data_bytes, 'x');
}

std::string error_of(const std::string& file) {
  try {
    const GgufFile parsed(as_bytes_of(file), "f");
    return "no error";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Gguf, ReadsWhatTheReferenceWrote) {
  const GgufFile file(DEEPSCALER_GOLDENS "/formats/reference.gguf");
  EXPECT_EQ(file.string("general.architecture"), "llama");
  EXPECT_EQ(file.integer("a.u8"), 200);
  EXPECT_EQ(file.integer("a.i8"), -100);
  EXPECT_EQ(file.integer("a.u16"), 60000);
  EXPECT_EQ(file.integer("a.i16"), -30000);
  EXPECT_EQ(file.integer("a.u32"), 4000000000);
  EXPECT_EQ(file.integer("a.i32"), -2000000000);
  EXPECT_EQ(file.integer("a.i64"), -9000000000);
  EXPECT_EQ(file.integer("a.u64"), 9000000000);
  EXPECT_EQ(file.number("a.f32"), 0.5);
  EXPECT_EQ(file.number("a.f64"), 0.1);
  EXPECT_EQ(file.number("a.u8"), 200.0);
  EXPECT_EQ(file.find_bool("a.bool"), true);
  EXPECT_EQ(file.strings("a.strings"), (std::vector<std::string_view>{"one", "", "drei"}));
  EXPECT_EQ(file.find_integers("a.integers"), (std::vector<int64_t>{1, -2, 3}));
  EXPECT_EQ(file.find_numbers("a.numbers"), (std::vector<double>{0.5, -1.5}));
  EXPECT_EQ(file.find_string("absent"), std::nullopt);

  const StoredTensor* plain = file.tensors().find("plain.weight");
  ASSERT_NE(plain, nullptr);
  EXPECT_EQ(plain->shape, (std::vector<int64_t>{2, 3}));
  float last;
  std::memcpy(&last, &plain->bytes[20], sizeof last);
  EXPECT_EQ(last, 5.0f);
  const StoredTensor* quantized = file.tensors().find("quantized.weight");
  EXPECT_EQ(quantized->dtype, DType::kQ8_0);
  EXPECT_EQ(quantized->shape, (std::vector<int64_t>{2, 64}));
  EXPECT_EQ(quantized->bytes.size(), 2u * 2 * 34);
}

TEST(Gguf, WrongTypesAndAbsentKeysAreNamed) {
  const std::string bytes = padded(head(0, 2) + raw_string("s") + raw(8u) + raw_string("text") +
                                       raw_string("n") + raw(10u) + raw<uint64_t>(~0ull),
                                   0);
  const GgufFile file(as_bytes_of(bytes), "f");
  const auto error = [](auto call) -> std::string {
    try {
      call();
      return "no error";
    } catch (const Error& error) {
      return error.what();
    }
  };
  const std::string remedy = "; use a GGUF file of a model this program knows";
  EXPECT_EQ(error([&] { (void)file.integer("s"); }), "f: key 's' is not an integer below 2^63" + remedy);
  EXPECT_EQ(error([&] { (void)file.integer("n"); }), "f: key 'n' is not an integer below 2^63" + remedy);
  EXPECT_EQ(error([&] { (void)file.string("n"); }), "f: key 'n' is not a string" + remedy);
  EXPECT_EQ(error([&] { (void)file.strings("s"); }), "f: key 's' is not a list of strings" + remedy);
  EXPECT_EQ(error([&] { (void)file.find_bool("s"); }), "f: key 's' is not a truth value" + remedy);
  EXPECT_EQ(error([&] { (void)file.number("m"); }), "f: key 'm' is missing" + remedy);
}

TEST(Gguf, ReadsVersion2AndNestedArrays) {
  const std::string bytes = padded(head(0, 1, 2) + raw_string("k") + raw(9u) + raw(9u) + raw<uint64_t>(2) +
                                       raw(0u) + raw<uint64_t>(1) + "a" + raw(8u) + raw<uint64_t>(0),
                                   0);
  EXPECT_EQ(GgufFile(as_bytes_of(bytes), "f").keys(), (std::vector<std::string_view>{"k"}));
}

TEST(Gguf, BadFilesGiveOneClearLine) {
  const std::string damaged = "; the file is damaged; get it again";
  const auto one = [](const std::vector<uint64_t>& dims, uint32_t type, uint64_t offset, size_t data) {
    return padded(head(1, 0) + tensor_info("t", dims, type, offset), data);
  };
  const auto key = [](const std::string& rest) { return padded(head(0, 1) + raw_string("k") + rest, 0); };
  std::string deep = raw(9u);
  for (int i = 0; i < 10; ++i) deep += raw(9u) + raw<uint64_t>(1);
  const struct {
    std::string file, error;
  } kCases[] = {
      {"", "f: does not begin with 'GGUF'; name a GGUF file or a Hugging Face model folder"},
      {head(0, 0, 1), "f: GGUF version 1; 2 and 3 are known; convert it with a current llama.cpp"},
      {head(0, 0, 0x03000000), "f: is big-endian; convert it to little-endian"},
      {head(0, 0).substr(0, 20), "f: the key count at byte 16 needs 8 bytes, 4 are left" + damaged},
      {head(0, 5), "f: a key at byte 24 needs 8 bytes, 0 are left" + damaged},
      {head(0, 1) + raw<uint64_t>(~0ull),
       "f: a key at byte 32 needs 18446744073709551615 bytes, 0 are left" + damaged},
      {key(raw(13u)), "f: key 'k': unknown value type 13" + damaged},
      {key(raw(9u) + raw(10u) + raw<uint64_t>(1ull << 61)),
       "f: key 'k': 2305843009213693952 elements do not fit into the file" + damaged},
      {key(raw(9u) + raw(8u) + raw<uint64_t>(1ull << 61)),
       "f: key 'k': a string at byte 57 needs 8 bytes, 7 are left" + damaged},
      {key(deep), "f: key 'k': arrays nested deeper than 4 levels" + damaged},
      {head(0, 2) + raw_string("k") + raw(0u) + "a" + raw_string("k") + raw(0u) + "a",
       "f: key 'k': appears twice" + damaged},
      {head(0, 1) + raw_string("general.alignment") + raw(4u) + raw(48u),
       "f: key 'general.alignment': 48 is not a power of two up to 1048576" + damaged},
      {one({1, 1, 1, 1, 1}, 0, 0, 4), "f: tensor 't': has 5 dimensions; at most 4 are allowed" + damaged},
      {one({1}, 9, 0, 4),
       "f: tensor 't': unsupported tensor type 9; use a file in F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, "
       "Q5_1, Q4_K, "
       "Q5_K or Q6_K"},
      {one({~0ull}, 0, 0, 4), "f: tensor 't': has a dimension beyond 2^63" + damaged},
      {one({1ull << 40, 1ull << 40}, 0, 0, 4),
       "f: tensor 't': shape [1099511627776, 1099511627776] of F32 is too large" + damaged},
      {one({48}, 8, 0, 51), "f: tensor 't': shape [48] of Q8_0 has rows that are not whole blocks" + damaged},
      {one({2}, 0, 4, 12), "f: tensor 't': offset 4 is not a multiple of 32" + damaged},
      {one({2}, 0, 32, 36), "f: tensor 't': 8 bytes at offset 32 reach past the 36 bytes of data" + damaged},
      {one({2}, 0, ~31ull, 36),
       "f: tensor 't': 8 bytes at offset 18446744073709551584 reach past the 36 bytes of data" + damaged},
      {padded(head(2, 0) + tensor_info("a", {16}, 0, 0) + tensor_info("b", {1}, 0, 32), 64),
       "f: tensor 'b': overlaps 'a'" + damaged},
      {padded(head(2, 0) + tensor_info("a", {1}, 0, 0) + tensor_info("a", {1}, 0, 32), 64),
       "f: tensor 'a' appears twice" + damaged},
  };
  for (const auto& [file, error] : kCases) EXPECT_EQ(error_of(file), error);
}

TEST(Gguf, DamagedFilesNeverDoWorseThanAnError) {
  const std::string good = read_file(DEEPSCALER_GOLDENS "/formats/reference.gguf");
  int refused = 0;
  for (uint64_t i = 0; i < 20000; ++i) {
    const std::string bytes = mutated(good, i);
    try {
      const GgufFile file(as_bytes_of(bytes), "f");
      for (const auto key : file.keys()) {
        try {
          (void)file.find_strings(key);
        } catch (const Error&) {
        }
      }
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 5000);
}

}  // namespace
}  // namespace deepscaler
