#include "corpus/steps/proofs.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "corpus/asking/questions.h"
#include "corpus/match/ngrams.h"
#include "corpus/steps/asked_records.h"

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

Judgement by_replies(const Replies& replies) {
  if (auto missing = missing_replies(replies)) return *missing;
  std::map<Asked, int64_t> votes;
  for (const std::string& reply : replies.texts) {
    if (const auto asked = asked_in_reply(reply)) ++votes[*asked];
  }
  if (votes.empty()) return model_unclear(replies);
  if (votes[Asked::kAnswer] > 0) return {};
  return dropped_for(votes[Asked::kProof] >= votes[Asked::kNoMaths] ? "proof" : "no-maths",
                     {{"reply", replies.texts[0]}});
}

}  // namespace

void ProofsStep::bind(ConfigSection& s) {
  s.field("yes_no", yes_no_, "drop records whose answer is yes or no, true or false");
  s.section("model", model_, "the language model that is asked about problems that pass by their words");
}

void ProofsStep::validate(const std::string& where) const { deepscaler::validate(model_, where + ".model"); }

std::vector<std::filesystem::path> ProofsStep::inputs(const StepContext& context) const {
  return model_files(model_, context.root);
}

std::vector<std::pair<std::string, std::string>> ProofsStep::versions() const {
  if (!model_.is_asked()) return {};
  return model_versions(model_, {{"questions", questions_version()}});
}

StepResult ProofsStep::run(CorpusRecords records, const StepContext& context) const {
  std::map<size_t, Replies> asked;
  if (model_.is_asked()) {
    asked = ask_about(
        model_, records, context, [&](const CorpusRecord& record) { return by_words(record).reason.empty(); },
        [](const CorpusRecord& record) { return proof_question(record.problem); });
  }
  size_t next = 0;
  return judge_each(std::move(records), context, [&](const CorpusRecord& record) -> Judgement {
    const auto replies = asked.find(next++);
    return replies == asked.end() ? by_words(record) : by_replies(replies->second);
  });
}

Judgement ProofsStep::by_words(const CorpusRecord& record) const {
  for (const std::string& answer : record.answers) {
    if (is_no_answer(answer)) return dropped_for("proof", {{"answer", answer}});
    if (yes_no_ && is_yes_or_no(answer)) return dropped_for("yes-no", {{"answer", answer}});
  }
  const Words words = plain_words(record.problem);
  const std::string_view proof = asked_proof(words);
  if (proof.empty() || !asked_value(words).empty()) return {};
  return dropped_for("proof", {{"words", proof}});
}

}  // namespace deepscaler
