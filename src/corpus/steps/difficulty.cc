#include "corpus/steps/difficulty.h"

#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "corpus/asking/questions.h"
#include "corpus/steps/asked_records.h"
#include "verify/grade.h"
#include "verify/version.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr ConfigName<DifficultyStep::By> kBy[] = {{"pass-rate", DifficultyStep::By::kPassRate},
                                                  {"judgement", DifficultyStep::By::kJudgement}};

struct Graded {
  int64_t right = 0, decided = 0;
};

Graded graded(const CorpusRecord& record, const Replies& replies) {
  Graded counts;
  for (const std::string& reply : replies.texts) {
    const Verdict verdict = grade(record.answers, reply, {.problem = record.problem});
    if (verdict.undecided) continue;
    ++counts.decided;
    counts.right += verdict.correct ? 1 : 0;
  }
  return counts;
}

}  // namespace

void DifficultyStep::bind(ConfigSection& s) {
  s.choice("by", by_, "the share of the model's samples that are right, or its judgement from 1 to 10", kBy);
  s.field("prompt", prompt_, "what the model is asked for a pass rate; {problem} stands for the problem");
  s.field("least", least_, "drop records below");
  s.field("most", most_, "drop records above");
  s.section("model", model_, "the model that is measured, or that judges");
}

void DifficultyStep::validate(const std::string& where) const {
  deepscaler::validate(model_, where + ".model");
  if (!model_.is_asked()) {
    throw Error(where + ".model", "names no model", "give a folder, a GGUF file, or a name and an endpoint");
  }
  if (prompt_.find("{problem}") == std::string::npos)
    throw Error(where + ".prompt", "has no {problem}", "write {problem} where the problem goes");
  if (least_ && most_ && *least_ > *most_)
    throw Error(where + ".least", fmt::format("is {}, above most = {}", *least_, *most_), "swap them");
}

std::vector<std::filesystem::path> DifficultyStep::inputs(const StepContext& context) const {
  return model_files(model_, context.root);
}

std::vector<std::pair<std::string, std::string>> DifficultyStep::versions() const {
  if (by_ == By::kJudgement) return model_versions(model_, {{"questions", questions_version()}});
  return model_versions(model_, {{"verifier", verifier_version()}});
}

StepResult DifficultyStep::run(CorpusRecords records, const StepContext& context) const {
  const bool by_rate = by_ == By::kPassRate;
  const std::map<size_t, Replies> asked = ask_about(
      model_, records, context,
      [&](const CorpusRecord& record) { return !by_rate || !record.answers.empty(); },
      [&](const CorpusRecord& record) -> Json {
        if (!by_rate) return difficulty_question(record.problem, record.solution);
        return {{{"role", "user"}, {"content", make_prompt(prompt_, record.problem)}}};
      });
  size_t next = 0;
  return judge_each(std::move(records), context, [&](CorpusRecord& record) -> Judgement {
    const auto replies = asked.find(next++);
    if (replies == asked.end()) return dropped_for("no-answer", {{"answer", "none"}});
    if (auto missing = missing_replies(replies->second)) return *missing;
    return measure(record, replies->second);
  });
}

Judgement DifficultyStep::measure(CorpusRecord& record, const Replies& replies) const {
  if (by_ == By::kPassRate) {
    const Graded counts = graded(record, replies);
    if (counts.decided == 0) return dropped_for("undecided", {{"replies", replies.texts}});
    const double rate = static_cast<double>(counts.right) / static_cast<double>(counts.decided);
    record.set("pass_rate", rate);
    record.set("pass_samples", counts.decided);
    return within(rate);
  }
  double sum = 0;
  int64_t ratings = 0;
  for (const std::string& reply : replies.texts) {
    const auto rating = difficulty_in_reply(reply);
    if (!rating) continue;
    sum += *rating;
    ++ratings;
  }
  if (ratings == 0) return model_unclear(replies);
  record.difficulty = sum / static_cast<double>(ratings);
  record.set("difficulty_ratings", ratings);
  return within(*record.difficulty);
}

Judgement DifficultyStep::within(double value) const {
  if (least_ && value < *least_) return dropped_for("too-low", {{"value", value}, {"least", *least_}});
  if (most_ && value > *most_) return dropped_for("too-high", {{"value", value}, {"most", *most_}});
  return {};
}

}  // namespace deepscaler
