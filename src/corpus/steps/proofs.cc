#include "corpus/steps/proofs.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "corpus/match/ngrams.h"

namespace deepscaler {
namespace {

// The first of the phrases that the words have in a row; empty where there is none.
std::string_view phrase_in(const Words& words, std::initializer_list<std::string_view> phrases) {
  std::string text = " ";
  for (const std::string& word : words) text += word + " ";
  for (const std::string_view phrase : phrases) {
    if (text.find(" " + std::string(phrase) + " ") != std::string::npos) return phrase;
  }
  return "";
}

std::string_view asked_proof(const Words& words) {
  return phrase_in(words, {"prove", "prove that", "show that", "demonstrate that", "verify that",
                           "give a proof", "disprove", "establish that"});
}

// What asks for a value, also beside a proof.
std::string_view asked_value(const Words& words) {
  return phrase_in(words, {"find", "determine", "compute", "calculate", "evaluate", "what", "how many",
                           "how much", "which", "solve", "express", "simplify"});
}

bool is_yes_or_no(const std::string& answer) {
  const std::string word = letters_and_digits(answer);
  return std::ranges::count(std::initializer_list<std::string_view>{"yes", "no", "true", "false", "textyes",
                                                                    "textno", "texttrue", "textfalse"},
                            word) > 0;
}

bool is_no_answer(const std::string& answer) {
  const std::string word = letters_and_digits(answer);
  return std::ranges::count(std::initializer_list<std::string_view>{"proof", "proven", "proved", "qed",
                                                                    "notfound", "seesolution"},
                            word) > 0;
}

}  // namespace

void ProofsStep::bind(ConfigSection& s) {
  s.field("yes_no", yes_no_, "drop records whose answer is yes or no, true or false");
}

StepResult ProofsStep::run(CorpusRecords records, const StepContext& context) const {
  return judge_each(std::move(records), context, [&](const CorpusRecord& record) -> Judgement {
    for (const std::string& answer : record.answers) {
      if (is_no_answer(answer)) return dropped_for("proof", {{"answer", answer}});
      if (yes_no_ && is_yes_or_no(answer)) return dropped_for("yes-no", {{"answer", answer}});
    }
    const Words words = plain_words(record.problem);
    const std::string_view proof = asked_proof(words);
    if (proof.empty() || !asked_value(words).empty()) return {};
    return dropped_for("proof", {{"words", proof}});
  });
}

}  // namespace deepscaler
