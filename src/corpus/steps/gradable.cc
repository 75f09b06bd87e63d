#include "corpus/steps/gradable.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "corpus/match/normal_form.h"
#include "corpus/steps/deepscaler_rule.h"
#include "verify/grade.h"
#include "verify/version.h"

namespace deepscaler {
namespace {

constexpr ConfigName<GradableStep::Rule> kRules[] = {{"verifier", GradableStep::Rule::kVerifier},
                                                     {"deepscaler", GradableStep::Rule::kDeepscaler},
                                                     {"both", GradableStep::Rule::kBoth}};

// Three words of letters in a row, outside of commands: "the set of primes", not "\frac{\pi}{2}" or "12 cm".
bool is_words(const std::string& answer) {
  constexpr int kWords = 3;
  int in_a_row = 0;
  for (const std::string& word : lower_words(answer)) {
    const bool plain =
        word.size() > 1 && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz,.") == std::string::npos;
    in_a_row = plain ? in_a_row + 1 : 0;
    if (in_a_row == kWords) return true;
  }
  return false;
}

// Several values joined by "or", or one that is only about right.
std::string_view ambiguous_word(const std::string& answer) {
  const Words words = plain_words(answer);
  for (const std::string_view word : {"or", "approximately", "approx", "vary", "about", "either"}) {
    if (std::ranges::count(words, word) > 0) return word;
  }
  return "";
}

bool any(const CorpusRecord& record, const std::function<bool(const std::string&)>& holds) {
  return std::ranges::any_of(record.answers, holds);
}

}  // namespace

void GradableStep::bind(ConfigSection& s) {
  s.choice("rule", rule_, "who must be able to read an answer: our verifier, DeepScaleR's rule, or both",
           kRules);
  s.field("longest", longest_, "characters of an answer; a longer one is no final answer").at_least(1);
  s.field("text", text_, "keep answers of three and more words");
  s.field("ambiguous", ambiguous_, "keep answers that give several values, or one that is about right");
}

std::vector<std::pair<std::string, std::string>> GradableStep::versions() const {
  return {{"verifier", verifier_version()}};
}

StepResult GradableStep::run(CorpusRecords records, const StepContext& context) const {
  int64_t by_verifier = 0, by_deepscaler = 0;
  StepResult result = judge_each(std::move(records), context, [&](const CorpusRecord& record) -> Judgement {
    const bool readable = any(record, is_readable_reference);
    const bool allowed = any(
        record, [](const std::string& answer) { return deepscaler_allows(deepscaler_normalized(answer)); });
    by_verifier += readable ? 1 : 0;
    by_deepscaler += allowed ? 1 : 0;
    const nlohmann::ordered_json evidence = {{"answer", record.answers.empty() ? "" : record.answers[0]},
                                             {"verifier", readable},
                                             {"deepscaler", allowed}};
    if (!any(record, [&](const std::string& answer) { return std::ssize(answer) <= longest_; })) {
      return dropped_for(record.answers.empty() ? "no-answer" : "long-answer", evidence);
    }
    if (!text_ && any(record, is_words)) return dropped_for("text-answer", evidence);
    if (!ambiguous_ && any(record, [](const auto& answer) { return !ambiguous_word(answer).empty(); })) {
      return dropped_for("ambiguous", evidence);
    }
    if ((rule_ != Rule::kDeepscaler && !readable) || (rule_ != Rule::kVerifier && !allowed)) {
      return dropped_for("ungradable", evidence);
    }
    return {};
  });
  result.figures = {{"gradable by the verifier", by_verifier},
                    {"gradable by DeepScaleR's rule", by_deepscaler}};
  return result;
}

}  // namespace deepscaler
