// The data card (README.md) of a data set: the form of the Hugging Face hub, with how the data were made.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "corpus/step_summary.h"

namespace deepscaler {

struct CardOfData {
  std::string_view name, description;
  std::string pipeline;  // the name of its file
  std::span<const SummarizedStep> steps;
};

[[nodiscard]] std::string data_card(const CardOfData& data);

}  // namespace deepscaler
