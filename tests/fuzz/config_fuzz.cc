// Any bytes are a config.json or one Error; what is accepted is written so that it reads the same.
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "model/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deepscaler;
  try {
    const ModelConfig config = parse_hf_config({reinterpret_cast<const char*>(data), size}, "input");
    const std::string written = hf_config_json(config, DType::kF32).dump();
    const ModelConfig again = parse_hf_config(written, "written");
    DEEPSCALER_CHECK(hf_config_json(again, DType::kF32).dump() == written, "{}", written);
    if (config.attention.head_dim <= 1024) {
      DEEPSCALER_CHECK(again.rope_frequencies() == config.rope_frequencies(), "{}", written);
    }
  } catch (const Error& error) {
    DEEPSCALER_CHECK(std::string_view(error.what()).substr(0, 7) != "written", "{}", error.what());
  }
  return 0;
}
