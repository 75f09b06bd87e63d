#include "data/stepwise_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/log.h"
#include "data/demonstration.h"
#include "data/records.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat =
    "a line is {\"prompt\": ..., \"completions\": [steps], \"labels\": [true or false]}, or a record of "
    "Math-Shepherd or PRM800K";

struct Step {
  std::string text;
  bool is_right = false;
};

struct Record {
  Json prompt;  // a text or messages
  std::vector<Step> steps;
};

std::string_view stripped(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

class Reader {
 public:
  Reader(const Json& record, const std::string& where) : record_(record), where_(where) {}

  [[nodiscard]] Record read() const {
    require(record_.is_object(), "it is not a JSON object");
    if (record_.contains("completions")) return trl();
    if (record_.contains("input")) return math_shepherd();
    if (record_.contains("question")) return prm800k();
    fail("it has no \"completions\", \"input\" or \"question\"");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Error(where_, what, kFormat); }
  void require(bool holds, const char* what) const {
    if (!holds) fail(what);
  }
  // The member of an object, or null.
  static Json member(const Json& object, const char* key) {
    return object.is_object() && object.contains(key) ? object[key] : Json();
  }

  [[nodiscard]] Record trl() const {
    const Json texts = record_["completions"], labels = member(record_, "labels");
    Record result = {.prompt = member(record_, "prompt"), .steps = {}};
    require(result.prompt.is_string() || result.prompt.is_array(),
            "its \"prompt\" is neither a text nor messages");
    require(texts.is_array() && labels.is_array() && texts.size() == labels.size(),
            "its \"completions\" and \"labels\" are no lists of one length");
    for (size_t i = 0; i < texts.size(); ++i) {
      require(texts[i].is_string(), "one of its \"completions\" is not a text");
      const bool is_label = labels[i].is_boolean() || labels[i] == 0 || labels[i] == 1;
      require(is_label, "one of its \"labels\" is neither true nor false");
      result.steps.push_back({texts[i], labels[i] == true || labels[i] == 1});
    }
    return result;
  }

  // `label` is `input` with + or - in place of each mark.
  [[nodiscard]] Record math_shepherd() const {
    constexpr std::string_view kMark = "ки", kFirst = "Step 1:";
    const Json label = member(record_, "label");
    require(record_["input"].is_string() && label.is_string(), "its \"input\" and \"label\" are no texts");
    const auto text = record_["input"].get<std::string>(), labels = label.get<std::string>();
    const size_t start = text.find(kFirst);
    require(start != std::string::npos, "its \"input\" has no \"Step 1:\"");
    Record result = {.prompt = std::string(stripped(text.substr(0, start))), .steps = {}};
    size_t step = start, at = 0, label_at = 0;
    for (size_t mark = text.find(kMark, start); mark != std::string::npos; mark = text.find(kMark, step)) {
      const size_t length = mark - at;
      const bool is_same =
          label_at + length < labels.size() && labels.compare(label_at, length, text, at, length) == 0;
      label_at += length;
      const char sign = is_same ? labels[label_at] : ' ';
      require(sign == '+' || sign == '-', "its \"label\" is not its \"input\" with + or - for each \"ки\"");
      result.steps.push_back({text.substr(step, mark - step), sign == '+'});
      at = step = mark + kMark.size();
      label_at += 1;
    }
    require(stripped(std::string_view(text).substr(step)).empty(),
            "its \"input\" goes on behind the last \"ки\"");
    return result;
  }

  [[nodiscard]] Record prm800k() const {
    Record result = {.prompt = member(record_["question"], "problem"), .steps = {}};
    require(result.prompt.is_string(), "its \"question\" has no \"problem\"");
    const Json steps = member(member(record_, "label"), "steps");
    require(steps.is_array(), "its \"label\" has no \"steps\"");
    for (const Json& step : steps) {
      const Json completions = member(step, "completions"), chosen = member(step, "chosen_completion"),
                 human = member(step, "human_completion");
      if (human.is_object() && !chosen.is_number_integer()) {
        require(member(human, "text").is_string(), "a \"human_completion\" has no \"text\"");
        result.steps.push_back({human["text"], true});
        continue;
      }
      const bool is_last = !chosen.is_number_integer();
      const auto number = is_last ? int64_t{0} : chosen.get<int64_t>();
      if (is_last && (!completions.is_array() || completions.empty())) break;
      require(completions.is_array() && number >= 0 && number < std::ssize(completions),
              "a \"chosen_completion\" is none of its \"completions\"");
      const Json& completion = completions[static_cast<size_t>(number)];
      require(member(completion, "text").is_string(), "a completion has no \"text\"");
      const Json rating = member(completion, "rating");
      if (!rating.is_number_integer()) break;
      result.steps.push_back({completion["text"], rating >= 0});
      if (is_last) break;
    }
    return result;
  }

  const Json& record_;
  const std::string& where_;
};

// The answer's text and the bytes at which its steps end.
struct JoinedSteps {
  std::string text;
  std::vector<size_t> ends;
};

JoinedSteps join(const std::vector<Step>& steps, const std::string& separator) {
  JoinedSteps joined;
  for (const Step& step : steps) {
    if (!joined.ends.empty()) {
      joined.text += separator;
      joined.ends.back() += separator.size();
    }
    joined.text += step.text;
    joined.ends.push_back(joined.text.size());
  }
  return joined;
}

Demonstration tokens_of(const Json& prompt, const std::string& text, const std::string& where,
                        const PromptEncoder& encoder) {
  if (prompt.is_array()) {
    return read_demonstration({{"prompt", prompt}, {"completion", text}}, where, encoder,
                              LossOn::kCompletions);
  }
  Problem problem;
  problem.problem = prompt;
  problem.solution = text;
  return demonstrate(problem, where, encoder, LossOn::kCompletions);
}

// The end token is added behind the last step; within the text it would end the answer before.
void refuse_end_tokens(const std::string& text, const std::string& where, const Tokenizer& tokenizer) {
  for (const TokenId end : tokenizer.ends()) {
    const std::string_view bytes = tokenizer.token_bytes(end);
    if (text.find(bytes) == std::string::npos) continue;
    throw Error(where, fmt::format("its steps hold {}, which ends an answer", bytes),
                "leave it out: it is added behind the last step");
  }
}

// Marks the tokens at which steps end. The last token ends the answer, and so its last step.
void mark_ends(const std::vector<Step>& steps, const JoinedSteps& joined, const Tokenizer& tokenizer,
               StepwiseAnswer& answer) {
  const size_t last = answer.response.size() - 1;
  answer.is_end.assign(last + 1, 0);
  answer.is_right.assign(last + 1, 0);
  std::string written;
  size_t step = 0;
  const auto end_step = [&](size_t token) {
    const bool is_right = steps[step++].is_right && (!answer.is_end[token] || answer.is_right[token]);
    answer.is_end[token] = 1;
    answer.is_right[token] = is_right ? 1 : 0;
  };
  for (size_t i = 0; i < last; ++i) {
    written += tokenizer.token_bytes(answer.response[i]);
    while (step + 1 < steps.size() && joined.ends[step] <= written.size()) end_step(i);
  }
  if (written != joined.text) {
    throw Error(answer.where, "the model's tokenizer changes the text of its steps, whose ends are then lost",
                "write the text as the tokenizer does, in Unicode's form NFC");
  }
  end_step(last);
}

}  // namespace

StepwiseAnswer read_stepwise_answer(const Json& record, const std::string& where,
                                    const PromptEncoder& encoder, const std::string& separator) {
  Record read = Reader(record, where).read();
  const bool is_rated = !read.steps.empty();
  for (Step& step : read.steps) step.text = std::string(stripped(step.text));
  std::erase_if(read.steps, [](const Step& step) { return step.text.empty(); });
  StepwiseAnswer answer = {.where = where, .prompt = {}, .response = {}, .is_end = {}, .is_right = {}};
  if (read.steps.empty()) {
    if (!is_rated && record.contains("question")) return answer;
    throw Error(where, "none of its steps has a text", kFormat);
  }
  const JoinedSteps joined = join(read.steps, separator);
  refuse_end_tokens(joined.text, where, encoder.tokenizer());
  const Demonstration all = tokens_of(read.prompt, joined.text, where, encoder);
  const auto prompt = std::ranges::find(all.in_loss, uint8_t{1}) - all.in_loss.begin();
  answer.prompt.assign(all.tokens.begin(), all.tokens.begin() + prompt);
  answer.response.assign(all.tokens.begin() + prompt, all.tokens.end());
  mark_ends(read.steps, joined, encoder.tokenizer(), answer);
  return answer;
}

std::vector<StepwiseAnswer> read_stepwise_answers(std::span<const std::filesystem::path> files,
                                                  const PromptEncoder& encoder,
                                                  const std::string& separator) {
  std::vector<StepwiseAnswer> answers;
  for (const auto& file : files) {
    const size_t before = answers.size();
    int64_t unrated = 0;
    for_each_record(file, [&](const Json& record, const std::string& where) {
      StepwiseAnswer answer = read_stepwise_answer(record, where, encoder, separator);
      if (answer.response.empty()) {
        unrated += 1;
      } else {
        answers.push_back(std::move(answer));
      }
    });
    if (unrated > 0) log_warning("{}: {} answers without rated steps are left out", file.string(), unrated);
    if (answers.size() == before) throw Error(file.string(), "it holds no stepwise answers", kFormat);
  }
  return answers;
}

}  // namespace deepscaler
