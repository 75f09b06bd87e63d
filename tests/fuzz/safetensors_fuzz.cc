// Any bytes are a safetensors file or one Error; what is accepted can be read to its last byte.
#include <cstdint>

#include "base/error.h"
#include "formats/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const deepscaler::SafetensorsFile file(std::as_bytes(std::span(data, size)), "input");
    unsigned sum = 0;
    for (const auto& tensor : file.tensors().all()) {
      for (const std::byte byte : tensor.bytes) sum += static_cast<unsigned>(byte);
    }
    volatile unsigned sink = sum;
    (void)sink;
  } catch (const deepscaler::Error&) {
  }
  return 0;
}
