#include "cli/generation_stream.h"

#include <cstdio>

#include "base/log.h"
#include "infer/stop_strings.h"

namespace deepscaler {
namespace {

class StreamedText {
 public:
  StreamedText(const Tokenizer& tokenizer, const StopStrings& stop)
      : decoder_(tokenizer, {.skip_special_tokens = true}), stop_(stop) {}
  ~StreamedText() {
    if (printed_ > 0) std::printf("\n");
    std::fflush(stdout);  // before what stderr says of it
  }

  void add(TokenId token) {
    text_ += decoder_.push(token);
    // A stop string that is complete is cut, one that may be coming is waited for.
    const size_t visible = stop_.cut(text_).size();
    print_up_to(visible < text_.size() ? visible : text_.size() - stop_.undecided_bytes(text_));
  }
  void finish() {
    text_ += decoder_.finish();
    print_up_to(stop_.cut(text_).size());
  }

 private:
  void print_up_to(size_t end) {
    if (end <= printed_) return;
    std::fwrite(text_.data() + printed_, 1, end - printed_, stdout);
    std::fflush(stdout);
    printed_ = end;
  }

  StreamDecoder decoder_;
  const StopStrings& stop_;
  std::string text_;
  size_t printed_ = 0;
};

}  // namespace

void stream_response(Generator& generator, const Tokenizer& tokenizer, const Prompt& prompt,
                     const GenerationFlags& flags) {
  const StopStrings stop(tokenizer, flags.stop);
  GenerationOptions options = generation_options(flags);
  options.stop = &stop;
  const std::vector<GenerationRequest> requests = {
      {.prompt = prompt.tokens, .stream = stream_of(prompt), .name = prompt.where}};
  Generation response;
  {
    StreamedText text(tokenizer, stop);
    generator.generate(
        requests, options,
        [&](int64_t, int64_t, Generation&& generation) {
          text.finish();
          response = std::move(generation);
        },
        [&](std::span<const Generator::NewToken> tokens) {
          for (const auto& token : tokens) text.add(token.token);
        });
  }
  log_info("{} tokens, ended by {}", response.tokens.size(), finish_reason_name(response.finish_reason));
}

}  // namespace deepscaler
