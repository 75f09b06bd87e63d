// One response, handed over as text while it is made.
#pragma once

#include <functional>
#include <string_view>

#include "generate/generation_settings.h"
#include "generate/prompts.h"
#include "infer/generator.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

// Calls `sink` with each new piece of the text (infer/streamed_text.h), none of them empty, and returns the
// response. Throws Error and Interrupted as Generator::generate does.
[[nodiscard]] Generation stream_response(Generator& generator, const Tokenizer& tokenizer,
                                         const Prompt& prompt, const GenerationSettings& settings,
                                         const std::function<void(std::string_view)>& sink);

}  // namespace deepscaler
