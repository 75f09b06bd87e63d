// The data card (README.md) of a data set: the form of the Hugging Face hub, with how the data were made.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "corpus/step_summary.h"

namespace deepscaler {

[[nodiscard]] std::string data_card(std::string_view name, std::string_view description,
                                    std::span<const SummarizedStep> steps);

}  // namespace deepscaler
