// The text that a model reads in chunks: options of `imatrix` and `perplexity`.
#pragma once

#include <cstdint>
#include <string>

#include "eval/perplexity.h"

namespace CLI {
class App;
}

namespace deepscaler {

struct TextFlags {
  std::string file;
  int64_t context = 512;  // tokens of a chunk
  int64_t chunks = 0;     // at most; 0: all
};

void add_text_flags(CLI::App& command, TextFlags& flags);

// Throws Error naming the file.
[[nodiscard]] TextChunks read_chunks(const TextFlags& flags, const ModelConfig& config,
                                     const Tokenizer& tokenizer);

}  // namespace deepscaler
