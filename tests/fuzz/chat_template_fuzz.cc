// Any bytes are a chat template that renders, or one Error, within bounded work.
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "text/chat/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto kMessages = nlohmann::ordered_json::parse(
      R"([{"role":"system","content":" s "},{"role":"user","content":"a\u00e9"},{"role":"assistant","content":null}])");
  static const auto kVariables =
      nlohmann::ordered_json::parse(R"({"x":5,"s":"text \u4f60","l":[1,"b",2.5],"d":{"name":"n","k":[]}})");
  try {
    const deepscaler::ChatTemplate parsed({reinterpret_cast<const char*>(data), size});
    (void)parsed.render(kMessages, deepscaler::GenerationPrompt::kAdd, kVariables);
  } catch (const deepscaler::Error&) {
  }
  return 0;
}
