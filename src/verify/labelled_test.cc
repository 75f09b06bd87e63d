// The labelled pairs of labelled_pairs.txt, each graded as a boxed answer.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "verify/grade.h"

namespace deepscaler {
namespace {

struct LabelledPair {
  std::string category;
  int line = 0;
  std::string reference;
  std::string answer;
  bool equal = false;
};

std::vector<LabelledPair> read_pairs() {
  const std::string text =
      read_file(std::filesystem::path(DEEPSCALER_GOLDENS) / "../../src/verify/labelled_pairs.txt");
  std::vector<LabelledPair> pairs;
  std::string category;
  int number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const size_t equal = line.find(" == "), unequal = line.find(" != ");
    const size_t middle = std::min(equal, unequal);
    if (middle == line.npos) {
      category = line;
      continue;
    }
    for (size_t at = middle + 4; at < line.size();) {
      const size_t next = std::min(line.find(" ;; ", at), line.size());
      pairs.push_back(
          {category, number, line.substr(0, middle), line.substr(at, next - at), equal < unequal});
      at = next + 4;
    }
  }
  return pairs;
}

TEST(LabelledPairs, AreJudgedAsLabelled) {
  const std::vector<LabelledPair> pairs = read_pairs();
  EXPECT_GE(pairs.size(), 800u);
  for (const LabelledPair& pair : pairs) {
    const std::string references[] = {pair.reference};
    const Verdict verdict = grade(references, "So the answer is $\\boxed{" + pair.answer + "}$.");
    EXPECT_EQ(verdict.correct, pair.equal)
        << "line " << pair.line << ", " << pair.category << " " << pair.reference
        << (pair.equal ? " == " : " != ") << pair.answer << " (" << reason_name(verdict.reason) << ")";
  }
}

TEST(LabelledPairs, EveryReferenceEqualsItselfAndIsReadable) {
  for (const LabelledPair& pair : read_pairs()) {
    const std::string references[] = {pair.reference};
    EXPECT_TRUE(grade(references, "\\boxed{" + pair.reference + "}").correct) << pair.reference;
    EXPECT_TRUE(is_readable_reference(pair.reference)) << "line " << pair.line << ": " << pair.reference;
  }
}

}  // namespace
}  // namespace deepscaler
