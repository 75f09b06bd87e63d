#include "formats/gguf_parser.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/integer.h"
#include "formats/excerpt.h"
#include "formats/lfs_pointer.h"

namespace deepscaler {
namespace {

constexpr const char* kDamaged = "the file is damaged; get it again";
constexpr int kMaxArrayDepth = 4;
constexpr uint32_t kMaxDims = 4;  // GGML_MAX_DIMS
constexpr uint64_t kMaxAlignment = 1 << 20;

struct TensorType {
  uint32_t number;
  DType dtype;
};
constexpr TensorType kTensorTypes[] = {
    {0, DType::kF32},   {1, DType::kF16},   {2, DType::kQ4_0},  {3, DType::kQ4_1},
    {6, DType::kQ5_0},  {7, DType::kQ5_1},  {8, DType::kQ8_0},  {12, DType::kQ4_K},
    {13, DType::kQ5_K}, {14, DType::kQ6_K}, {30, DType::kBF16},
};

// Bytes of a scalar; 0 for strings and arrays, whose size is in the file.
size_t scalar_bytes(GgufType type) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kI8:
    case GgufType::kBool:
      return 1;
    case GgufType::kU16:
    case GgufType::kI16:
      return 2;
    case GgufType::kU32:
    case GgufType::kI32:
    case GgufType::kF32:
      return 4;
    case GgufType::kU64:
    case GgufType::kI64:
    case GgufType::kF64:
      return 8;
    case GgufType::kString:
    case GgufType::kArray:
      break;
  }
  return 0;
}

class Parser {
 public:
  Parser(std::span<const std::byte> bytes, const std::string& where) : file_(bytes), where_(where) {}

  GgufContents parse() {
    check_magic();
    const auto tensor_count = take<uint64_t>("the tensor count");
    const auto key_count = take<uint64_t>("the key count");
    for (uint64_t i = 0; i < key_count; ++i) read_key();
    for (uint64_t i = 0; i < tensor_count; ++i) read_tensor_info();
    place_tensors();
    return std::move(contents_);
  }

 private:
  [[noreturn]] void fail(const std::string& what, const char* remedy = kDamaged) const {
    throw Error(place_.empty() ? where_ : where_ + ": " + place_, what, remedy);
  }

  std::span<const std::byte> take_bytes(uint64_t count, const char* what) {
    if (count > file_.size() - at_) {
      fail(fmt::format("{} at byte {} needs {} bytes, {} are left", what, at_, count, file_.size() - at_));
    }
    const auto taken = file_.subspan(at_, count);
    at_ += count;
    return taken;
  }

  template <typename T>
  T take(const char* what) {
    T value;
    std::memcpy(&value, take_bytes(sizeof value, what).data(), sizeof value);
    return value;
  }

  std::string_view take_string(const char* what) {
    const auto bytes = take_bytes(take<uint64_t>(what), what);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  void check_magic() {
    refuse_lfs_pointer({reinterpret_cast<const char*>(file_.data()), file_.size()}, where_);
    if (file_.size() < 4 || std::memcmp(file_.data(), "GGUF", 4) != 0) {
      fail("does not begin with 'GGUF'", "name a GGUF file or a Hugging Face model folder");
    }
    at_ = 4;
    const auto version = take<uint32_t>("the version");
    if (version == 0x02000000 || version == 0x03000000) fail("is big-endian", "convert it to little-endian");
    if (version != 2 && version != 3) {
      fail(fmt::format("GGUF version {}; 2 and 3 are known", version), "convert it with a current llama.cpp");
    }
  }

  GgufType take_type() {
    const auto number = take<uint32_t>("a value type");
    if (number > static_cast<uint32_t>(GgufType::kF64)) fail(fmt::format("unknown value type {}", number));
    return static_cast<GgufType>(number);
  }

  void read_key() {
    place_.clear();
    const std::string key(take_string("a key"));
    place_ = "key " + excerpt(key);
    GgufValue value{take_type(), false, 1, {}};
    if (value.type == GgufType::kArray) {
      value.is_array = true;
      value.type = take_type();
      value.length = take<uint64_t>("an array length");
    }
    const size_t begin = at_;
    skip_elements(value.type, value.length, 1);
    value.bytes = file_.subspan(begin, at_ - begin);
    if (!contents_.values.emplace(key, value).second) fail("appears twice");
  }

  void skip_elements(GgufType type, uint64_t length, int depth) {
    if (depth > kMaxArrayDepth) fail(fmt::format("arrays nested deeper than {} levels", kMaxArrayDepth));
    if (const size_t size = scalar_bytes(type)) {
      if (length > (file_.size() - at_) / size)
        fail(fmt::format("{} elements do not fit into the file", length));
      take_bytes(length * size, "an array");
      return;
    }
    for (uint64_t i = 0; i < length; ++i) {
      if (type == GgufType::kString) {
        take_string("a string");
      } else {
        const GgufType inner = take_type();
        skip_elements(inner, take<uint64_t>("an array length"), depth + 1);
      }
    }
  }

  void read_tensor_info() {
    place_.clear();
    StoredTensor tensor{std::string(take_string("a tensor name")), DType::kF32, {}, {}};
    place_ = "tensor " + excerpt(tensor.name);
    const auto rank = take<uint32_t>("the rank");
    if (rank > kMaxDims) fail(fmt::format("has {} dimensions; at most {} are allowed", rank, kMaxDims));
    for (uint32_t i = 0; i < rank; ++i) {
      const auto dimension = take<uint64_t>("a dimension");
      if (dimension > std::numeric_limits<int64_t>::max()) fail("has a dimension beyond 2^63");
      tensor.shape.insert(tensor.shape.begin(), static_cast<int64_t>(dimension));
    }
    const auto type = take<uint32_t>("the tensor type");
    const auto known = std::ranges::find(kTensorTypes, type, &TensorType::number);
    if (known == std::end(kTensorTypes)) {
      fail(fmt::format("unsupported tensor type {}", type),
           "use a file in F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or Q6_K");
    }
    tensor.dtype = known->dtype;
    offsets_.push_back(take<uint64_t>("the offset"));
    contents_.tensors.push_back(std::move(tensor));
  }

  uint64_t alignment() {
    place_ = "key 'general.alignment'";
    const auto found = contents_.values.find("general.alignment");
    if (found == contents_.values.end()) return kGgufAlignment;
    if (found->second.is_array || found->second.type != GgufType::kU32) fail("is not a u32");
    uint32_t value;
    std::memcpy(&value, found->second.bytes.data(), sizeof value);
    if (value == 0 || value > kMaxAlignment || (value & (value - 1)) != 0) {
      fail(fmt::format("{} is not a power of two up to {}", value, kMaxAlignment));
    }
    return value;
  }

  // Gives every tensor its bytes: inside the file, aligned, none over another.
  void place_tensors() {
    const uint64_t align = alignment();
    const uint64_t start = std::min<uint64_t>(round_up(at_, align), file_.size());
    const auto data = file_.subspan(start);
    for (size_t i = 0; i < offsets_.size(); ++i) {
      StoredTensor& tensor = contents_.tensors[i];
      place_ = "tensor " + excerpt(tensor.name);
      const size_t size = stored_bytes(tensor.dtype, tensor.shape, where_ + ": " + place_);
      if (offsets_[i] % align != 0)
        fail(fmt::format("offset {} is not a multiple of {}", offsets_[i], align));
      if (offsets_[i] > data.size() || size > data.size() - offsets_[i]) {
        fail(fmt::format("{} bytes at offset {} reach past the {} bytes of data", size, offsets_[i],
                         data.size()));
      }
      tensor.bytes = data.subspan(offsets_[i], size);
    }
    check_overlap();
  }

  void check_overlap() {
    std::vector<const StoredTensor*> placed;
    for (const StoredTensor& tensor : contents_.tensors) {
      if (!tensor.bytes.empty()) placed.push_back(&tensor);
    }
    std::ranges::sort(placed, {}, [](const StoredTensor* tensor) { return tensor->bytes.data(); });
    for (size_t i = 1; i < placed.size(); ++i) {
      const auto& before = placed[i - 1]->bytes;
      place_ = "tensor " + excerpt(placed[i]->name);
      if (placed[i]->bytes.data() < before.data() + before.size())
        fail("overlaps " + excerpt(placed[i - 1]->name));
    }
  }

  std::span<const std::byte> file_;
  const std::string& where_;
  std::string place_;  // the key or tensor being read, for errors
  size_t at_ = 0;
  std::vector<uint64_t> offsets_;  // of contents_.tensors, from the start of the data
  GgufContents contents_;
};

}  // namespace

uint32_t gguf_tensor_type(DType dtype) {
  const auto known = std::ranges::find(kTensorTypes, dtype, &TensorType::dtype);
  DEEPSCALER_CHECK(known != std::end(kTensorTypes), "{} in a GGUF file", dtype_name(dtype));
  return known->number;
}

GgufContents parse_gguf(std::span<const std::byte> bytes, const std::string& where) {
  return Parser(bytes, where).parse();
}

}  // namespace deepscaler
