// `deepscaler verify --serve`: answers each line of one stream by a line of another, for as long as somebody
// asks.
#pragma once

#include <cstddef>

#include "verify/grade.h"

namespace deepscaler {

// A longer line is answered by an error, whatever is in it: so a line never takes more memory than a multiple
// of this.
inline constexpr size_t kMaxServedLineBytes = 4 << 20;

// Reads lines of JSON from the descriptor `input` to its end and writes to `output` one line for each, in
// order: its fields with the verdict's, or with "error" for what is no check. Every line that has been read
// is answered before it waits for another. Throws Error where a stream fails, which is also how it learns
// that nobody reads.
void serve_verdicts(int input, int output, const GradeOptions& options);

}  // namespace deepscaler
