// Rules that say whether a problem to train on is one of a set of test problems.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace deepscaler {

struct OverlapMatch {
  size_t test = 0;     // the number of the test problem
  double score = 0;    // in (0, 1]: similarity as the rule measures it
  std::string shared;  // what both have, to look at; may be empty
};

// A rule that knows its test problems. Const functions are thread-safe.
class OverlapRule {
 public:
  virtual ~OverlapRule() = default;
  // The test problems that `problem` is taken for, by their numbers.
  [[nodiscard]] virtual std::vector<OverlapMatch> matches(std::string_view problem) const = 0;
  // Test problems that the rule can never match, since they have too few words.
  [[nodiscard]] virtual int64_t never_matched() const { return 0; }
};

struct OverlapRuleKind {
  std::string_view name;
  std::string_view description;  // a part of a sentence, with the source
  std::unique_ptr<OverlapRule> (*make)(std::span<const std::string> tests);
};

// Every rule, the strictest first.
[[nodiscard]] std::span<const OverlapRuleKind> overlap_rules();
[[nodiscard]] std::vector<std::string> overlap_rule_names();

// The rule of that name; CHECKs that there is one.
[[nodiscard]] std::unique_ptr<OverlapRule> make_overlap_rule(std::string_view name,
                                                             std::span<const std::string> tests);

}  // namespace deepscaler
