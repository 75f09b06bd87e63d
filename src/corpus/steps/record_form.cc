#include "corpus/steps/record_form.h"

#include <algorithm>

#include "base/error.h"

namespace deepscaler {
namespace {

constexpr std::string_view kId = "id | unique_id | uuid";

constexpr RecordForm kForms[] = {
    {.name = "plain",
     .description = "keys named problem, question or prompt; answer, final_answer, expected_answer or "
                    "ground_truth; solution",
     .problem = "problem | question | prompt | Problem | Question",
     .answer = "answer | final_answer | expected_answer | ground_truth | Answer",
     .solution = "solution | solutions[0] | rationale | Solution",
     .id = kId,
     .difficulty = "difficulty"},
    {.name = "gsm8k",
     .description = "openai/gsm8k: the answer after #### at the end of the solution",
     .problem = "question",
     .answer = "without_commas(after(answer, '####'))",
     // A cold start must show the answer where the verifier looks for it.
     .solution = "without_marks(before(answer, '####')) + '\n\\boxed{' + without_commas(after(answer, "
                 "'####')) + '}'"},
    {.name = "math",
     .description = "hendrycks/competition_math: the answer boxed in the solution",
     .problem = "problem",
     .answer = "answer | boxed(solution)",
     .solution = "solution",
     .id = kId},
    {.name = "deepscaler",
     .description = "DeepScaleR's files and agentica-org/DeepScaleR-Preview-Dataset",
     .problem = "problem",
     .answer = "answer",
     .solution = "solution[0] | solution",
     .id = kId,
     .difficulty = "difficulty"},
    {.name = "numinamath",
     .description = "AI-MO/NuminaMath-CoT and -1.5: the answer boxed in the solution",
     .problem = "problem",
     .answer = "answer | boxed(solution)",
     .solution = "solution",
     .id = kId},
    {.name = "omni-math",
     .description = "KbsdJames/Omni-MATH",
     .problem = "problem",
     .answer = "answer",
     .solution = "solution",
     .id = kId,
     .difficulty = "difficulty"},
    {.name = "still",
     .description = "RUC-AIBOX/STILL-3-Preview-RL-Data",
     .problem = "question | problem",
     .answer = "answer",
     .solution = "solution",
     .id = kId},
    {.name = "openr1",
     .description = "open-r1/OpenR1-Math-220k",
     .problem = "problem",
     .answer = "answer",
     .solution = "solution",
     .id = "uuid"},
    {.name = "prm800k",
     .description = "PRM800K: one record a labelled solution, so problems come again",
     .problem = "question.problem",
     .answer = "question.ground_truth_answer",
     .solution = "question.ground_truth_solution"},
    {.name = "math-shepherd",
     .description = "peiyi9979/Math-Shepherd: problems alone, since its solutions may be wrong",
     .problem = "before(input, 'Step 1:')"}};

}  // namespace

std::span<const RecordForm> record_forms() { return kForms; }

std::vector<std::string> record_form_names() {
  std::vector<std::string> names;
  for (const RecordForm& form : kForms) names.emplace_back(form.name);
  return names;
}

const RecordForm& record_form(std::string_view name) {
  const auto* found = std::ranges::find(kForms, name, &RecordForm::name);
  DEEPSCALER_CHECK(found != std::end(kForms), "no such form");
  return *found;
}

}  // namespace deepscaler
