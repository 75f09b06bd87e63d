// `deepscaler plan --hours`: what a recipe takes of a described machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "run/plan.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace deepscaler {

struct HoursOptions {
  std::string machine;  // a file or a name
  std::string lengths;  // a file of assumptions
  std::vector<int64_t> ranks = {1};
  std::string config;  // folder of the model's config.json, in place of the recipe's model
};

// The flags, each of which needs `hours`.
void add_hours_options(CLI::App& command, CLI::Option& hours, HoursOptions& options);

// Prints a row for each stage, or, for several numbers of ranks, a row for each of them. Throws Error.
void print_hours(const Recipe& recipe, const RecipePlan& plan, const HoursOptions& options);

}  // namespace deepscaler
