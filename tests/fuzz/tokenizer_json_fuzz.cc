// Any bytes are a tokenizer.json or one Error; what is accepted encodes any text, and decoding its
// ids piece by piece gives what decoding them at once does.
#include <cstdint>

#include "base/error.h"
#include "text/tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deepscaler;
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Tokenizer tokenizer(parse_tokenizer_json(text, "input"));
    const auto ids = tokenizer.encode(text.substr(0, 256));
    StreamDecoder decoder(tokenizer);
    std::string streamed;
    for (const TokenId id : ids) streamed += decoder.push(id);
    streamed += decoder.finish();
    DEEPSCALER_CHECK(streamed == tokenizer.decode(ids), "streamed and whole texts differ");
  } catch (const Error&) {
  }
  return 0;
}
