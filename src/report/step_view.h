// A step's rollouts as text: what `deepscaler show` prints.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "report/rollouts.h"

namespace deepscaler {

enum class Colours { kOff, kOn };  // escape sequences of ANSI terminals

struct StepFilter {
  std::string problem;            // only this problem; empty: all
  std::optional<int64_t> sample;  // only this sample of each problem
};

// One block a problem: the question, the reference, and every sample with its text, reward and its parts,
// advantage and why it ended. Control characters in the texts are shown as "\x1b" and the like, so that a
// model's output can't command the terminal.
[[nodiscard]] std::string step_view(std::span<const RecordedGroup> groups, const StepFilter& filter,
                                    Colours colours);

}  // namespace deepscaler
