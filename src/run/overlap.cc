#include "run/overlap.h"

#include <fmt/format.h>

#include "data/generators.h"
#include "data/overlap.h"
#include "data/prompt.h"

namespace deepscaler {
namespace {

QuestionSet questions_of(const DataConfig& data) {
  QuestionSet questions;
  for (const std::string& file : data.files) questions.add_file(file);
  if (data.kinds.empty()) return questions;
  const GeneratorRequest request = {.kinds = data.kinds,
                                    .split = Split::kTrain,
                                    .seed = static_cast<uint64_t>(data.seed),
                                    .count = data.count};
  for (const Problem& problem : generate_problems(request)) questions.add(problem.problem);
  return questions;
}

}  // namespace

Overlap overlap_with_training(const Recipe& recipe, std::span<const Problem> evaluated) {
  Overlap overlap;
  std::vector<bool> found(evaluated.size());
  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    const QuestionSet questions = questions_of(recipe.stages[i].data);
    bool any = false;
    for (size_t p = 0; p < evaluated.size(); ++p) {
      const std::string& problem = evaluated[p].problem;
      if (!questions.contains(problem) && !questions.contains(make_prompt(recipe.prompt.text, problem)))
        continue;
      any = true;
      if (!found[p]) ++overlap.problems;
      found[p] = true;
    }
    if (any) overlap.sections += fmt::format("{}stage.{}.data", overlap.sections.empty() ? "" : ", ", i);
  }
  return overlap;
}

}  // namespace deepscaler
