#include "run/stages/listed_teacher.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/records.h"
#include "generate/prompts.h"
#include "generate/score_file.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

class LineReader {
 public:
  LineReader(const Json& line, const std::string& where, const StageContext& context)
      : line_(line),
        where_(where),
        tokenizer_(context.encoder.tokenizer()),
        vocabulary_(context.models.policy().model().config().vocabulary) {
    if (!line.is_object()) fail("is not an object");
  }

  Demonstration completion() const {
    Demonstration d = {
        .where = where_, .id = where_, .tokens = read_token_ids(line_, "prompt_token_ids", where_)};
    if (d.tokens.empty()) fail("\"prompt_token_ids\" is empty");
    const std::vector<TokenId> learned = read_token_ids(line_, "token_ids", where_);
    if (learned.empty()) fail("\"token_ids\" is empty");
    d.in_loss.assign(d.tokens.size(), 0);
    d.tokens.insert(d.tokens.end(), learned.begin(), learned.end());
    d.in_loss.resize(d.tokens.size(), 1);
    require_known(d.tokens);
    require_text(learned);
    return d;
  }

  // One for each of `count` tokens.
  std::vector<TopTokens> opinions(int64_t count) const {
    const Json &tokens = list(kTopTokenIds, count), &log_probs = list(kTopLogProbs, count);
    std::vector<TopTokens> all;
    for (size_t i = 0; i < tokens.size(); ++i) {
      TopTokens top = {.tokens = tokens_in(tokens[i]), .log_probs = numbers_in(log_probs[i])};
      if (top.tokens.empty() || top.tokens.size() != top.log_probs.size()) {
        fail(fmt::format("\"{}\" and \"{}\" do not have lists of one length for token {}", kTopTokenIds,
                         kTopLogProbs, i + 1));
      }
      require_known(top.tokens);
      all.push_back(std::move(top));
    }
    return all;
  }

  void require_temperature(double temperature) const {
    const Json given = line_.value("temperature", Json(1.0));
    // The line has a float's digits.
    if (given.is_number() && given.get<float>() == static_cast<float>(temperature)) return;
    throw Error(where_,
                fmt::format("its log-probabilities are at temperature {}, and divergence_temperature is {}",
                            given.dump(), temperature),
                "set divergence_temperature to that of the lines, or score them anew");
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(where_, what, "give lines as `deepscaler score --top-tokens` writes them");
  }
  const Json& list(const char* key, int64_t count) const {
    const auto found = line_.find(key);
    if (found == line_.end()) fail(fmt::format("has no \"{}\"", key));
    if (!found->is_array() || std::ssize(*found) != count) {
      fail(fmt::format("\"{}\" does not have one list for each of \"token_ids\"", key));
    }
    return *found;
  }
  std::vector<int32_t> tokens_in(const Json& list) const {
    const bool right = list.is_array() && std::ranges::all_of(list, [](const Json& token) {
                         return token.is_number_unsigned() && token <= INT32_MAX;
                       });
    if (!right) fail(fmt::format("\"{}\" holds something that is no list of token numbers", kTopTokenIds));
    auto tokens = list.get<std::vector<int32_t>>();
    auto sorted = tokens;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end()) {
      fail(fmt::format("\"{}\" names a token twice at one place", kTopTokenIds));
    }
    return tokens;
  }
  std::vector<float> numbers_in(const Json& list) const {
    const bool right = list.is_array() && std::ranges::all_of(list, [](const Json& number) {
                         return number.is_number() && number <= 1e-6 && number >= -1e30;
                       });
    if (!right)
      fail(fmt::format("\"{}\" holds something that is no list of log-probabilities", kTopLogProbs));
    return list.get<std::vector<float>>();
  }
  void require_known(const std::vector<int32_t>& tokens) const {
    const auto unknown = std::ranges::find_if(tokens, [&](int32_t id) { return id >= vocabulary_; });
    if (unknown == tokens.end()) return;
    throw Error(where_, fmt::format("it has the token {}, which is not in the policy's vocabulary", *unknown),
                "score it with a teacher of the policy's vocabulary");
  }
  // The text of a line ends before a stop string, so it may be shorter than its tokens'.
  void require_text(const std::vector<TokenId>& tokens) const {
    const auto text = line_.find("text");
    if (text == line_.end() || !text->is_string()) return;
    const std::string ours = tokenizer_.decode(tokens, {.skip_special_tokens = true});
    if (ours.starts_with(text->get_ref<const std::string&>())) return;
    throw Error(where_, "its \"text\" is not what its \"token_ids\" are to the policy's tokenizer",
                "score it with a teacher of the policy's vocabulary");
  }

  const Json& line_;
  const std::string& where_;
  const Tokenizer& tokenizer_;
  int64_t vocabulary_;
};

}  // namespace

ListedTeacher read_listed_teacher(const std::vector<std::string>& files, double temperature,
                                  const StageContext& context) {
  ListedTeacher teacher;
  for (const std::string& file : files) {
    const size_t before = teacher.completions.size();
    for_each_record(file, [&](const Json& line, const std::string& where) {
      const LineReader reader(line, where, context);
      reader.require_temperature(temperature);
      Demonstration completion = reader.completion();
      teacher.opinions[where] = reader.opinions(completion.learned());
      teacher.completions.push_back(std::move(completion));
    });
    if (teacher.completions.size() == before) {
      throw Error(file, "has no lines", "give lines as `deepscaler score --top-tokens` writes them");
    }
  }
  return teacher;
}

}  // namespace deepscaler
