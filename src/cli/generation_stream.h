// One response, written to stdout while it is made.
#pragma once

#include "cli/prompts.h"
#include "cli/sampling_flags.h"
#include "infer/generator.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

// Writes whole characters only, nothing of a stop string, and a line break at the end; why the response
// ended goes to stderr. Throws Error and Interrupted as Generator::generate does.
void stream_response(Generator& generator, const Tokenizer& tokenizer, const Prompt& prompt,
                     const GenerationFlags& flags);

}  // namespace deepscaler
