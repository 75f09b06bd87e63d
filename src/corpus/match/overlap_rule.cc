#include "corpus/match/overlap_rule.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "corpus/match/ngrams.h"

namespace deepscaler {
namespace {

// Equal after some normalization of both.
class EqualForm : public OverlapRule {
 public:
  using Form = std::string (*)(std::string_view);
  EqualForm(std::span<const std::string> tests, Form form, size_t least_words)
      : form_(form), least_words_(least_words) {
    for (size_t i = 0; i < tests.size(); ++i) {
      const std::string key = form_(tests[i]);
      const bool usable = !key.empty() && plain_words(tests[i]).size() >= least_words_;
      if (usable) tests_[key].push_back(i);
      never_matched_ += usable ? 0 : 1;
    }
  }
  [[nodiscard]] std::vector<OverlapMatch> matches(std::string_view problem) const override {
    std::vector<OverlapMatch> matches;
    const auto found = tests_.find(form_(problem));
    if (found == tests_.end()) return matches;
    for (const size_t test : found->second) matches.push_back({test, 1, found->first});
    return matches;
  }
  [[nodiscard]] int64_t never_matched() const override { return never_matched_; }

 private:
  Form form_;
  size_t least_words_;
  int64_t never_matched_ = 0;
  std::unordered_map<std::string, std::vector<size_t>> tests_;
};

std::unique_ptr<OverlapRule> make_exact(std::span<const std::string> tests) {
  return std::make_unique<EqualForm>(tests, bare_form, 1);
}

std::unique_ptr<OverlapRule> make_letters(std::span<const std::string> tests) {
  return std::make_unique<EqualForm>(tests, letters_and_digits, 1);
}

// "Compute #+#" would be every sum; a problem of eight words has more to it than its numbers.
constexpr size_t kLeastTemplateWords = 8;

std::unique_ptr<OverlapRule> make_changed_numbers(std::span<const std::string> tests) {
  return std::make_unique<EqualForm>(tests, numberless_form, kLeastTemplateWords);
}

// A shared run of n words, which must cover more than `above` of the test problem's words.
class SharedRun : public OverlapRule {
 public:
  SharedRun(std::span<const std::string> tests, size_t n, double above) : index_(n), above_(above) {
    for (const std::string& test : tests) index_.add(lower_words(test));
  }
  [[nodiscard]] std::vector<OverlapMatch> matches(std::string_view problem) const override {
    std::vector<OverlapMatch> matches;
    for (const NgramIndex::Hit& hit : index_.hits(lower_words(problem))) {
      if (hit.share > above_) matches.push_back({hit.text, hit.share, hit.run});
    }
    return matches;
  }
  [[nodiscard]] int64_t never_matched() const override { return index_.too_short(); }

 private:
  NgramIndex index_;
  double above_;
};

template <size_t n>
std::unique_ptr<OverlapRule> make_ngram(std::span<const std::string> tests) {
  return std::make_unique<SharedRun>(tests, n, 0);
}

std::unique_ptr<OverlapRule> make_coverage(std::span<const std::string> tests) {
  constexpr size_t kWords = 8;
  constexpr double kHalf = 0.5;
  return std::make_unique<SharedRun>(tests, kWords, kHalf);
}

// A shared run of 13 words without punctuation, and a longest common subsequence of more than 0.6 of the
// shorter text.
class SharedRunAndOrder : public OverlapRule {
 public:
  explicit SharedRunAndOrder(std::span<const std::string> tests) : index_(kWords) {
    for (const std::string& test : tests) {
      tests_.push_back(plain_words(test));
      index_.add(tests_.back());
    }
  }
  [[nodiscard]] std::vector<OverlapMatch> matches(std::string_view problem) const override {
    const Words words = plain_words(problem);
    std::vector<OverlapMatch> matches;
    for (const NgramIndex::Hit& hit : index_.hits(words)) {
      const Words& test = tests_[hit.text];
      const auto shorter = static_cast<double>(std::min(words.size(), test.size()));
      const double share = static_cast<double>(longest_common_subsequence(words, test)) / shorter;
      if (share > kAbove) matches.push_back({hit.text, share, hit.run});
    }
    return matches;
  }
  [[nodiscard]] int64_t never_matched() const override { return index_.too_short(); }

 private:
  static constexpr size_t kWords = 13;
  static constexpr double kAbove = 0.6;
  NgramIndex index_;
  std::vector<Words> tests_;
};

std::unique_ptr<OverlapRule> make_ngram_lcs(std::span<const std::string> tests) {
  return std::make_unique<SharedRunAndOrder>(tests);
}

constexpr OverlapRuleKind kRules[] = {
    {"exact", "equal but for spaces, punctuation and the dress of formulas", make_exact},
    {"letters", "equal letters and digits", make_letters},
    {"ngram-lcs", "13 words in a row and a common subsequence of more than 0.6 of the shorter (Qwen2.5-Math)",
     make_ngram_lcs},
    {"coverage", "runs of 8 words that cover more than half of the test problem (Tulu 3)", make_coverage},
    {"ngram-13", "13 words in a row", make_ngram<13>},
    {"ngram-10", "10 words in a row (DeepSeek-R1)", make_ngram<10>},
    {"ngram-8", "8 words in a row (s1, open-r1)", make_ngram<8>},
    {"changed-numbers", "equal but for the numbers", make_changed_numbers}};

}  // namespace

std::span<const OverlapRuleKind> overlap_rules() { return kRules; }

std::vector<std::string> overlap_rule_names() {
  std::vector<std::string> names;
  for (const OverlapRuleKind& rule : kRules) names.emplace_back(rule.name);
  return names;
}

std::unique_ptr<OverlapRule> make_overlap_rule(std::string_view name, std::span<const std::string> tests) {
  const auto* found = std::ranges::find(kRules, name, &OverlapRuleKind::name);
  DEEPSCALER_CHECK(found != std::end(kRules), "no such rule");
  return found->make(tests);
}

}  // namespace deepscaler
