#include "generate/response_stream.h"

#include <utility>
#include <vector>

#include "infer/streamed_text.h"

namespace deepscaler {

Generation stream_response(Generator& generator, const Tokenizer& tokenizer, const Prompt& prompt,
                           const GenerationSettings& settings,
                           const std::function<void(std::string_view)>& sink) {
  const StopStrings stop(tokenizer, settings.stop);
  GenerationOptions options = settings.options;
  options.stop = &stop;
  const std::vector<GenerationRequest> requests = {
      {.prompt = prompt.tokens, .stream = stream_of(prompt), .name = prompt.where}};
  StreamedText text(tokenizer, stop);
  const auto hand_over = [&](const std::string& piece) {
    if (!piece.empty()) sink(piece);
  };
  Generation response;
  generator.generate(
      requests, options,
      [&](int64_t, int64_t, Generation&& generation) {
        hand_over(text.finish());
        response = std::move(generation);
      },
      [&](std::span<const Generator::NewToken> tokens) {
        for (const auto& token : tokens) hand_over(text.push(token.token));
      });
  return response;
}

}  // namespace deepscaler
