// Any bytes are lines of JSON or one Error.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "formats/jsonl.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const std::string text(reinterpret_cast<const char*>(data), size);
    deepscaler::JsonlReader reader(std::make_unique<std::istringstream>(text), "input");
    for (nlohmann::json value; reader.next(value);) {
    }
  } catch (const deepscaler::Error&) {
  }
  return 0;
}
