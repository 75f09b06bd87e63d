// The picture of a run: one SVG image for a README or a slide, on light and on dark pages.
//
// A column a stage, all of one width, so that names and numbers have room whatever the stages' numbers of
// steps. Above stands pass@1 with its 95 % interval before the first stage and after each; below that the
// reward of each step, or the loss of a stage without rewards, and the mean length of responses.
#pragma once

#include <filesystem>
#include <string>

#include "report/history.h"

namespace deepscaler {

// The picture as the text of an SVG file. It names fonts but needs no other file. The same history gives the
// same bytes.
[[nodiscard]] std::string run_picture(const RunHistory& history);

// Whether the file at `path` is such a picture, which a new one may replace.
[[nodiscard]] bool is_run_picture(const std::filesystem::path& path);

}  // namespace deepscaler
