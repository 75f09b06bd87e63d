#include "corpus/asking/questions.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "base/trim.h"
#include "verify/extract.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kAnswerPrompt =
    R"(You take the final answer out of a worked solution of a mathematics problem.

Look into \boxed{} or \bbox{} first. Where there is none, read the solution and find what it concludes. If the answer is the letter of an option, give the value of this option.

Reply with the answer alone, in LaTeX that sympy can parse: no words, no unit, no dollar signs, no code fence. If the solution comes to no answer, reply with \text{Error: Solution not found.})";

constexpr std::string_view kProofPrompt =
    R"(You sort mathematics problems by what they ask for.

[[1]] There is one clear answer that can be compared with a reference: a number, an expression, a set, a function. A problem that asks for a value and for a proof of it belongs here.
[[2]] The problem asks for a proof or a construction, or its answer is yes or no.
[[3]] The text is no mathematics problem, or can't be understood.

Examples.
"Find all integers n such that n^2 + 1 is divisible by n + 1." has a set as its answer: [[1]]
"Determine the largest k for which the inequality holds, and prove it." has a number as its answer: [[1]]
"Prove that the three altitudes of a triangle meet in a point." asks for a proof: [[2]]
"Is there a polynomial with these values?" is answered by yes or no: [[2]]
"Which of the four essays did you like best?" is no mathematics: [[3]]

Say in one or two sentences what the problem asks for. Then end with the mark, [[1]], [[2]] or [[3]].)";

constexpr std::string_view kOpenProblemPrompt =
    R"(You turn a mathematics problem of multiple choice into one without options.

Reply with one JSON object and nothing else. "problem" is the text without the options and without their letters; leave everything else as it is. Keep the options in the text only where the question can't be understood without them ("which of the following ..."). "A", "B" and so on are the values of the options in LaTeX, without their letters and without dollar signs.

For "What is 1+1? (A) 1 (B) 2" the reply is {"problem": "What is 1+1?", "A": "1", "B": "2"}. For a text without options it is {}.)";

constexpr std::string_view kDifficultyPrompt =
    R"(You rate how difficult a mathematics problem is, on a scale from 1 to 10 on which halves are allowed.

1: one step with school mathematics, the first problems of a contest for beginners.
2: a few steps, no idea needed; the middle of AMC 8, the first third of AMC 10.
3: some thought is needed; the last of AMC 8, the middle of AMC 10 and 12.
4: a known technique must be recognized; the last third of AMC 12, the first problems of AIME.
5: several techniques together; the middle of AIME, easy problems of national olympiads.
6: an idea that is not obvious; the last problems of AIME, the first problem of a national olympiad.
7: the hard half of national olympiads, the first problem of the International Mathematical Olympiad.
8: the second problem of the International Mathematical Olympiad.
9: the third problem of the International Mathematical Olympiad.
10: harder than nearly everything that was ever set in a contest.

Say in one or two sentences what makes the problem easy or hard. Then end with the number in double brackets, as [[4.5]].)";

Json conversation(std::string_view system, std::string user) {
  return {{{"role", "system"}, {"content", system}}, {{"role", "user"}, {"content", std::move(user)}}};
}

std::string with_solution(std::string_view problem, std::string_view solution) {
  return fmt::format("Problem: {}\n----\nSolution: {}", problem, solution);
}

// What is said after the thinking; nothing where that never ends.
std::string_view said(std::string_view reply) {
  const AfterThinking after = after_thinking(reply, false);
  return after.finished ? trim(after.text) : std::string_view();
}

// What the last double brackets hold: earlier ones may quote the question.
std::string_view last_mark(std::string_view reply) {
  const std::string_view text = said(reply);
  const size_t close = text.rfind("]]");
  const size_t open = close == std::string_view::npos ? close : text.rfind("[[", close);
  return open == std::string_view::npos ? std::string_view() : trim(text.substr(open + 2, close - open - 2));
}

}  // namespace

Json answer_question(std::string_view problem, std::string_view solution) {
  return conversation(kAnswerPrompt, with_solution(problem, solution));
}

std::optional<std::string> answer_in_reply(std::string_view reply) {
  constexpr size_t kLongest = 300;  // more is no answer but talk
  std::string_view text = said(reply);
  const Extraction box = extract_boxed(std::string(text));
  if (box.found == Extraction::Found::answer) text = trim(box.text);
  while (text.size() > 1 && text.front() == '$' && text.back() == '$')
    text = trim(text.substr(1, text.size() - 2));
  const bool says_none = text.find("rror") != std::string_view::npos ||  // "Error", "error"
                         text.find("not found") != std::string_view::npos;
  const bool is_talk = text.size() > kLongest || text.find('\n') != std::string_view::npos;
  if (text.empty() || says_none || is_talk) return std::nullopt;
  return std::string(text);
}

Json proof_question(std::string_view problem) { return conversation(kProofPrompt, std::string(problem)); }

std::optional<Asked> asked_in_reply(std::string_view reply) {
  const std::string_view mark = last_mark(reply);
  if (mark == "1") return Asked::kAnswer;
  if (mark == "2") return Asked::kProof;
  if (mark == "3") return Asked::kNoMaths;
  return std::nullopt;
}

Json open_problem_question(std::string_view problem) {
  return conversation(kOpenProblemPrompt, std::string(problem));
}

std::optional<OpenProblem> open_problem_in_reply(std::string_view reply) {
  const std::string_view text = said(reply);
  const size_t open = text.find('{'), close = text.rfind('}');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  const Json json = Json::parse(text.substr(open, close + 1 - open), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  OpenProblem read;
  for (const auto& [key, value] : json.items()) {
    const std::string content = value.is_string()   ? value.get<std::string>()
                                : value.is_number() ? value.dump()
                                                    : "";
    if (key == "problem")
      read.problem = trim(content);
    else if (key.size() == 1 && key[0] >= 'A' && key[0] <= 'H')
      read.values[key[0]] = trim(content);
  }
  return read;
}

Json difficulty_question(std::string_view problem, std::string_view solution) {
  return conversation(kDifficultyPrompt, solution.empty() ? fmt::format("Problem: {}", problem)
                                                          : with_solution(problem, solution));
}

std::optional<double> difficulty_in_reply(std::string_view reply) {
  const std::string_view mark = last_mark(reply);
  double number = 0;
  const auto [end, error] = std::from_chars(mark.data(), mark.data() + mark.size(), number);
  const bool is_rating =
      error == std::errc() && end == mark.data() + mark.size() && number >= 1 && number <= 10;
  return is_rating ? std::optional(number) : std::nullopt;
}

std::string questions_version() {
  std::string all;
  for (const std::string_view prompt : {kAnswerPrompt, kProofPrompt, kOpenProblemPrompt, kDifficultyPrompt})
    all += std::string(prompt) + '\n';
  return sha256_hex(all).substr(0, 12);
}

}  // namespace deepscaler
