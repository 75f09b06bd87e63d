#include "corpus/steps/answers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/trim.h"
#include "corpus/asking/questions.h"
#include "corpus/steps/asked_records.h"
#include "corpus/steps/choices.h"
#include "verify/extract.h"
#include "verify/grade.h"
#include "verify/version.h"

namespace deepscaler {
namespace {

constexpr ConfigName<AnswersStep::Choices> kChoices[] = {{"keep", AnswersStep::Choices::kKeep},
                                                         {"value", AnswersStep::Choices::kValue},
                                                         {"model", AnswersStep::Choices::kModel},
                                                         {"drop", AnswersStep::Choices::kDrop}};

constexpr ConfigName<AnswersStep::Disagreement> kDisagreements[] = {
    {"keep", AnswersStep::Disagreement::kKeep}, {"drop", AnswersStep::Disagreement::kDrop}};

std::string answer_in(const std::string& solution) {
  const Extraction box = extract_boxed(solution);
  if (box.found == Extraction::Found::answer) return std::string(trim(box.text));
  constexpr std::string_view kMark = "####";
  const size_t mark = solution.rfind(kMark);
  if (mark == std::string::npos) return "";
  const std::string_view rest = trim(std::string_view(solution).substr(mark + kMark.size()));
  return std::string(trim(rest.substr(0, rest.find('\n'))));
}

// The answers in replies, one of those that the verifier finds equal.
std::vector<std::string> distinct_answers(const Replies& replies) {
  std::vector<std::string> answers;
  for (const std::string& reply : replies.texts) {
    const auto answer = answer_in_reply(reply);
    if (!answer || std::ranges::count(answers, *answer) > 0) continue;
    if (answers.empty() || !grade(answers, "\\boxed{" + *answer + "}").correct) answers.push_back(*answer);
  }
  return answers;
}

// Puts the value of the chosen option into the letter's place.
Judgement replace_letter(CorpusRecord& record, const std::map<char, std::string>& values) {
  const char letter = chosen_letter(record.answers[0]);
  const auto found = values.find(letter);
  if (found == values.end() || found->second.empty()) {
    return dropped_for("choice-without-value", {{"answer", record.answers[0]}, {"options", values.size()}});
  }
  record.set("choice", std::string(1, letter));
  record.answers = {found->second};
  return {};
}

bool is_letter(const CorpusRecord& record) {
  return !record.answers.empty() && chosen_letter(record.answers[0]) != '\0';
}

}  // namespace

void AnswersStep::bind(ConfigSection& s) {
  s.field("again", again_, "take the answer from the solution even where the record has one");
  s.choice(
      "choices", choices_,
      "an answer that is the letter of an option: keep it, put the option's value in its place, have the "
      "model do so and rewrite the problem without options, or drop the record",
      kChoices);
  s.choice(
      "disagreement", disagreement_,
      "different answers that the model reads out of one solution: keep all, of which any counts, or drop "
      "the record",
      kDisagreements);
  s.section("model", model_, "the language model that reads solutions without a box, and options");
}

void AnswersStep::validate(const std::string& where) const {
  deepscaler::validate(model_, where + ".model");
  if (choices_ == Choices::kModel && !model_.is_asked()) {
    throw Error(where + ".choices", "asks a model, and none is named", "name it in [step.model]");
  }
}

std::vector<std::filesystem::path> AnswersStep::inputs(const StepContext& context) const {
  return model_files(model_, context.root);
}

std::vector<std::pair<std::string, std::string>> AnswersStep::versions() const {
  if (!model_.is_asked()) return {};
  return model_versions(model_, {{"questions", questions_version()}, {"verifier", verifier_version()}});
}

StepResult AnswersStep::run(CorpusRecords records, const StepContext& context) const {
  int64_t from_solutions = 0, from_model = 0, replaced = 0;
  for (CorpusRecord& record : records) {
    if (!record.answers.empty() && !again_) continue;
    std::string answer = answer_in(record.solution);
    if (answer.empty()) continue;
    record.answers = {std::move(answer)};
    ++from_solutions;
  }

  std::map<size_t, Replies> read;
  if (model_.is_asked()) {
    read = ask_about(
        model_, records, context,
        [](const CorpusRecord& record) { return record.answers.empty() && !record.solution.empty(); },
        [](const CorpusRecord& record) { return answer_question(record.problem, record.solution); });
  }
  std::vector<Judgement> judgements(records.size());
  for (const auto& [place, replies] : read) {
    std::vector<std::string> answers = distinct_answers(replies);
    if (auto missing = missing_replies(replies))
      judgements[place] = *missing;
    else if (answers.size() > 1 && disagreement_ == Disagreement::kDrop)
      judgements[place] = dropped_for("answers-differ", {{"answers", answers}});
    else
      from_model += answers.empty() ? 0 : 1, records[place].answers = std::move(answers);
  }

  std::map<size_t, Replies> opened;
  if (choices_ == Choices::kModel) {
    ChatModelConfig once = model_;
    once.samples = 1;
    opened = ask_about(once, records, context, is_letter,
                       [](const CorpusRecord& record) { return open_problem_question(record.problem); });
  }
  size_t next = 0;
  StepResult result = judge_each(std::move(records), context, [&](CorpusRecord& record) -> Judgement {
    const size_t place = next++;
    if (!judgements[place].reason.empty()) return judgements[place];
    if (record.answers.empty())
      return dropped_for("no-answer", {{"solution", record.solution.empty() ? "none" : "has no answer"}});
    if (!is_letter(record) || choices_ == Choices::kKeep) return {};
    Judgement judgement =
        choices_ == Choices::kModel ? replace_by_model(record, opened.at(place)) : replace_by_text(record);
    if (judgement.reason.empty() && !is_letter(record)) ++replaced;
    return judgement;
  });
  result.figures = {{"answers out of solutions", from_solutions},
                    {"answers read by the model", from_model},
                    {"letters replaced by values", replaced}};
  return result;
}

Judgement AnswersStep::replace_by_text(CorpusRecord& record) const {
  const auto choices = choices_of(record.problem);
  if (choices.empty()) return {};  // a letter can be the answer itself
  if (choices_ == Choices::kDrop) return dropped_for("multiple-choice", {{"answer", record.answers[0]}});
  return replace_letter(record, choices);
}

Judgement AnswersStep::replace_by_model(CorpusRecord& record, const Replies& replies) const {
  if (auto missing = missing_replies(replies)) return *missing;
  const auto open = open_problem_in_reply(replies.texts[0]);
  if (!open) return model_unclear(replies);
  if (open->values.empty()) return {};
  Judgement judgement = replace_letter(record, open->values);
  if (!judgement.reason.empty()) return judgement;
  if (open->problem.empty()) return model_unclear(replies);
  record.set("multiple_choice", record.problem);
  record.problem = open->problem;
  return {};
}

}  // namespace deepscaler
