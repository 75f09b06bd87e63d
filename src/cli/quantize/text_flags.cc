#include "cli/quantize/text_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.h"
#include "cli/flag_checks.h"
#include "text/unicode/read_utf8.h"

namespace deepscaler {

void add_text_flags(CLI::App& command, TextFlags& flags) {
  command.add_option("--text", flags.file, "a text file")->required();
  command.add_option("--context", flags.context, "tokens of a chunk; each is read by itself")
      ->check(whole_number(8, 1 << 20))
      ->capture_default_str();
  command.add_option("--chunks", flags.chunks, "only the first so many; 0 for all")
      ->check(whole_number(0, 1 << 30))
      ->capture_default_str();
}

TextChunks read_chunks(const TextFlags& flags, const ModelConfig& config, const Tokenizer& tokenizer) {
  if (flags.context > config.context) {
    throw Error("--context", fmt::format("{} is more than the model's {}", flags.context, config.context),
                "give a smaller one");
  }
  TextChunks chunks = text_chunks(tokenizer, read_utf8(flags.file), flags.context, flags.file);
  if (flags.chunks > 0) chunks.resize(std::min<size_t>(chunks.size(), static_cast<size_t>(flags.chunks)));
  const auto outside = [&](TokenId token) { return token >= config.vocabulary; };
  for (const auto& chunk : chunks) {
    const auto bad = std::ranges::find_if(chunk, outside);
    if (bad == chunk.end()) continue;
    throw Error(flags.file, fmt::format("has token {}, which is not in the model's vocabulary", *bad),
                "use the tokenizer of the model");
  }
  return chunks;
}

}  // namespace deepscaler
