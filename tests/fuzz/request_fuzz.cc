// Any bytes are the body of a request that becomes questions for the engine, or one that is refused:
// RequestError, or Error. The first line names the path.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "formats/json_text.h"
#include "serve/ollama/ollama_models.h"
#include "serve/ollama/ollama_orders.h"
#include "serve/openai/chat.h"
#include "serve/openai/completions.h"
#include "serve/openai/score.h"
#include "serve/openai/text_tools.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

constexpr const char* kTemplate =
    "{% if tools %}<tool_call>{{ tools | tojson }}</tool_call>{% endif %}{% for m in messages "
    "%}<|endoftext|>{{ m.role }}: "
    "{{ m.content }}{% if m.tool_calls %}{{ m.tool_calls | tojson }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|endoftext|>assistant: {% if enable_thinking %}<think>\n{% endif %}{% "
    "endif %}";

ModelConfig tiny_config() {
  ModelConfig config;
  config.attention = {.heads = 2, .kv_heads = 1, .head_dim = 4};
  config.vocabulary = 257;
  config.hidden = 8;
  config.feed_forward = 8;
  config.layers = 1;
  config.context = 4096;
  return config;
}

const ServedModel& served() {
  static const Model model(tiny_config());
  static const Tokenizer tokenizer = [] {
    const TemporaryFolder folder;
    byte_tokenizer().save(folder.path());
    std::ofstream(folder / "chat_template.jinja") << kTemplate;
    return Tokenizer::load(folder.path());
  }();
  static const ServedModel tiny(model, tokenizer, "tiny");
  return tiny;
}

void take(std::string_view path, const Json& request) {
  if (path == "/v1/chat/completions") (void)order_chat(served(), request, 0);
  if (path == "/v1/completions") (void)order_completion(served(), request, 0);
  if (path == "/v1/score") (void)order_score(served(), request, 0);
  if (path == "/api/chat") (void)order_ollama_chat(served(), request, 0);
  if (path == "/api/generate") (void)order_ollama_generate(served(), request, 0);
  if (path == "/api/show") (void)ollama_show_json(served(), request);
  if (path == "/tokenize") (void)tokenize_json(served(), request);
  if (path == "/detokenize") (void)detokenize_json(served(), request);
  if (path == "/apply-template") (void)apply_template_json(served(), request);
}

}  // namespace
}  // namespace deepscaler

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(text.find('\n'), text.size());
  try {
    const auto request = deepscaler::parse_record(text.substr(std::min(line + 1, text.size())), "body");
    deepscaler::take(text.substr(0, line), request);
  } catch (const deepscaler::RequestError&) {
  } catch (const deepscaler::Error&) {
  }
  return 0;
}
