// Any bytes are the body of a request that becomes questions for the engine, or one that is refused:
// RequestError, or Error. The first line names the path; where the server has none of that name, all its
// paths get the body.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "formats/json_text.h"
#include "serve/post_routes.h"
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

void take(const PostRoute& route, const Json& request) {
  try {
    if (route.tool != nullptr) {
      (void)route.tool(served(), request);
    } else {
      (void)route.order(served(), request, 0);
    }
  } catch (const RequestError&) {
  } catch (const Error&) {
  }
}

void take(std::string_view path, std::string_view body) {
  Json request;
  try {
    request = parse_record(body, "body");
  } catch (const Error&) {
    return;
  }
  if (const PostRoute* route = find_post_route(path)) return take(*route, request);
  for (const PostRoute& route : post_routes()) take(route, request);
}

}  // namespace
}  // namespace deepscaler

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(text.find('\n'), text.size());
  deepscaler::take(text.substr(0, line), text.substr(std::min(line + 1, text.size())));
  return 0;
}
