#include "corpus/steps/answers.h"

#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/trim.h"
#include "corpus/steps/choices.h"
#include "verify/extract.h"

namespace deepscaler {
namespace {

constexpr ConfigName<AnswersStep::Choices> kChoices[] = {{"keep", AnswersStep::Choices::kKeep},
                                                         {"value", AnswersStep::Choices::kValue},
                                                         {"drop", AnswersStep::Choices::kDrop}};

std::string answer_in(const std::string& solution) {
  const Extraction box = extract_boxed(solution);
  if (box.found == Extraction::Found::answer) return std::string(trim(box.text));
  constexpr std::string_view kMark = "####";
  const size_t mark = solution.rfind(kMark);
  if (mark == std::string::npos) return "";
  const std::string_view rest = trim(std::string_view(solution).substr(mark + kMark.size()));
  return std::string(trim(rest.substr(0, rest.find('\n'))));
}

}  // namespace

void AnswersStep::bind(ConfigSection& s) {
  s.field("again", again_, "take the answer from the solution even where the record has one");
  s.choice("choices", choices_,
           "an answer that is the letter of an option: keep it, put the option's value in its place, or drop "
           "the record",
           kChoices);
}

StepResult AnswersStep::run(CorpusRecords records, const StepContext& context) const {
  int64_t from_solutions = 0, replaced = 0;
  StepResult result = judge_each(std::move(records), context, [&](CorpusRecord& record) -> Judgement {
    if (record.answers.empty() || again_) {
      if (std::string answer = answer_in(record.solution); !answer.empty()) {
        record.answers = {std::move(answer)};
        ++from_solutions;
      }
    }
    if (record.answers.empty())
      return dropped_for("no-answer", {{"solution", record.solution.empty() ? "none" : "has no box"}});
    const char letter = chosen_letter(record.answers[0]);
    if (letter == '\0' || choices_ == Choices::kKeep) return {};
    const auto choices = choices_of(record.problem);
    if (choices.empty()) return {};  // a letter can be the answer itself
    if (choices_ == Choices::kDrop) return dropped_for("multiple-choice", {{"answer", record.answers[0]}});
    const auto found = choices.find(letter);
    if (found == choices.end() || found->second.empty()) {
      return dropped_for("choice-without-value",
                         {{"answer", record.answers[0]}, {"options", choices.size()}});
    }
    record.set("choice", std::string(1, letter));
    record.answers = {found->second};
    ++replaced;
    return {};
  });
  result.figures = {{"answers out of solutions", from_solutions}, {"letters replaced by values", replaced}};
  return result;
}

}  // namespace deepscaler
