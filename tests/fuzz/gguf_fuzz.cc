// Any bytes are a GGUF file or one Error; so is every value taken from it, its tensors' floats and
// the tokenizer it may hold.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/error.h"
#include "formats/gguf.h"
#include "tensor/dequantize.h"
#include "text/tokenizer/tokenizer.h"

namespace {

template <typename Function>
void ignoring_errors(Function function) {
  try {
    function();
  } catch (const deepscaler::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ignoring_errors([&] {
    const deepscaler::GgufFile file(std::as_bytes(std::span(data, size)), "input");
    for (const std::string_view key : file.keys()) {
      ignoring_errors([&] { (void)file.find_string(key); });
      ignoring_errors([&] { (void)file.find_number(key); });
      ignoring_errors([&] { (void)file.find_bool(key); });
      ignoring_errors([&] { (void)file.find_strings(key); });
      ignoring_errors([&] { (void)file.find_integers(key); });
      ignoring_errors([&] { (void)file.find_numbers(key); });
    }
    for (const auto& tensor : file.tensors().all()) {
      const auto blocks = tensor.bytes.size() / static_cast<size_t>(deepscaler::block_bytes(tensor.dtype));
      std::vector<float> values(blocks * static_cast<size_t>(deepscaler::block_elements(tensor.dtype)));
      deepscaler::dequantize(tensor.dtype, tensor.bytes, values);
      // What models that keep their blocks are checked by.
      if (deepscaler::block_elements(tensor.dtype) > 1) {
        const bool finite = std::ranges::all_of(values, [](float v) { return std::isfinite(v); });
        DEEPSCALER_CHECK(deepscaler::blocks_are_finite(tensor.dtype, tensor.bytes) == finite);
      }
    }
    (void)deepscaler::Tokenizer(deepscaler::read_gguf_tokenizer(file)).encode("Hi <|end|> 123\n");
  });
  return 0;
}
