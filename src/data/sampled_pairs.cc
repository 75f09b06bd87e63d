#include "data/sampled_pairs.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/error.h"
#include "data/records.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

struct Answer {
  std::string text;
  int64_t tokens = 0;
};

struct Group {
  std::string id, problem;
  std::vector<Answer> right, wrong;
};

const Json& field(const Json& record, const char* key, bool (Json::*is)() const noexcept,
                  const std::string& where) {
  const auto found = record.is_object() ? record.find(key) : record.end();
  if (found != record.end() && ((*found).*is)()) return *found;
  throw Error(where, fmt::format("it has no \"{}\", so it is no line of a run's rollouts", key),
              "name a run's folder, or files of its rollouts/");
}

// The text of each answer once: samples of one problem may be equal.
void drop_copies(std::vector<Answer>& answers) {
  std::set<std::string> texts;
  std::erase_if(answers, [&](const Answer& answer) { return !texts.insert(answer.text).second; });
}

class Pairing {
 public:
  Pairing(const SampledPairsConfig& config, SampledPairs& result) : config_(config), result_(result) {}

  void add(const Json& record, const std::string& where) {
    const std::string id = field(record, "id", &Json::is_string, where);
    if (id != group_.id) finish_group();
    group_.id = id;
    group_.problem = field(record, "problem", &Json::is_string, where);
    const Json& accuracy =
        field(field(record, "rewards", &Json::is_object, where), "accuracy", &Json::is_primitive, where);
    has_samples_ = true;
    if (accuracy.is_null()) {
      ++result_.undecided;
      return;
    }
    if (!config_.truncated && field(record, "finish_reason", &Json::is_string, where) == "length") {
      ++result_.truncated;
      return;
    }
    const Answer answer = {field(record, "text", &Json::is_string, where),
                           static_cast<int64_t>(field(record, "token_ids", &Json::is_array, where).size())};
    (accuracy == 1 ? group_.right : group_.wrong).push_back(answer);
  }

  void finish_group() {
    if (!has_samples_) return;
    ++result_.groups;
    drop_copies(group_.right);
    drop_copies(group_.wrong);
    if (group_.right.empty()) {
      ++result_.without_right;
    } else if (group_.wrong.empty()) {
      ++result_.without_wrong;
    } else {
      pair_up();
    }
    group_ = {};
    has_samples_ = false;
  }

 private:
  // Each right answer in turn gets the wrong one nearest to it in length that is left.
  void pair_up() {
    for (int64_t pairs = 0; pairs < config_.most_of_a_group; ++pairs) {
      if (group_.right.empty() || group_.wrong.empty()) return;
      const Answer right = group_.right.front();
      group_.right.erase(group_.right.begin());
      const auto wrong = std::ranges::min_element(
          group_.wrong, {}, [&](const Answer& answer) { return std::abs(answer.tokens - right.tokens); });
      write(right, *wrong);
      group_.wrong.erase(wrong);
    }
  }

  void write(const Answer& right, const Answer& wrong) {
    const Json line = {
        {"id", group_.id},        {"problem", group_.problem},     {"chosen", right.text},
        {"rejected", wrong.text}, {"chosen_tokens", right.tokens}, {"rejected_tokens", wrong.tokens}};
    result_.lines += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    ++result_.pairs;
    result_.longer_chosen += right.tokens > wrong.tokens;
  }

  const SampledPairsConfig& config_;
  SampledPairs& result_;
  Group group_;
  bool has_samples_ = false;
};

}  // namespace

SampledPairs pair_samples(std::span<const std::filesystem::path> files, const SampledPairsConfig& config) {
  SampledPairs result;
  for (const auto& file : files) {
    Pairing pairing(config, result);
    for_each_record(file, [&](const Json& record, const std::string& where) { pairing.add(record, where); });
    pairing.finish_group();
  }
  return result;
}

}  // namespace deepscaler
