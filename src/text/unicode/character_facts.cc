#include "text/unicode/character_facts.h"

#include <span>
#include <vector>

namespace deepscaler {
namespace {

constexpr char32_t kCodes = 0x110000;
constexpr uint8_t kCategoryBits = 0x1f, kNewer = 0x20, kMoves = 0x40;

// A byte for each code point, made from the tables when the first is looked up.
class Facts {
 public:
  Facts() : facts_(kCodes) {
    for_each_run({kCategoryRuns, kCategoryRunsSize},
                 [&](char32_t code, uint8_t value) { facts_[code] = value; });
    for_each_run({kNewerRuns, kNewerRunsSize}, [&](char32_t code, uint8_t) { facts_[code] |= kNewer; });
    for_each_run({kCombiningRuns, kCombiningRunsSize},
                 [&](char32_t code, uint8_t) { facts_[code] |= kMoves; });
    for (const Decomposition& d : std::span(kDecompositions, kDecompositionsSize)) facts_[d.code] |= kMoves;
    // What is composed from its own decomposition is in normal form as it is.
    for (const Composition& c : std::span(kCompositions, kCompositionsSize)) facts_[c.composed] &= ~kMoves;
    for (const Composition& c : std::span(kCompositions, kCompositionsSize)) facts_[c.second] |= kMoves;
    constexpr char32_t kVowels = 0x1161, kBehindVowels = 0x1176, kTrailing = 0x11a8, kBehindTrailing = 0x11c3;
    for (char32_t code = kVowels; code < kBehindVowels; ++code) facts_[code] |= kMoves;
    for (char32_t code = kTrailing; code < kBehindTrailing; ++code) facts_[code] |= kMoves;
  }
  [[nodiscard]] uint8_t operator[](char32_t code) const { return code < kCodes ? facts_[code] : kUnassigned; }

 private:
  static constexpr auto kUnassigned = static_cast<uint8_t>(Category::kCn);

  // Of runs whose value is 0 nothing is noted; as a category it is what facts_ begin with.
  template <class Note>
  static void for_each_run(std::span<const CodeRun> runs, const Note& note) {
    for (size_t i = 0; i < runs.size(); ++i) {
      const char32_t end = i + 1 < runs.size() ? runs[i + 1].first : kCodes;
      for (char32_t code = runs[i].first; runs[i].value != 0 && code < end; ++code) note(code, runs[i].value);
    }
  }

  std::vector<uint8_t> facts_;
};

uint8_t facts_of(char32_t code) {
  static const Facts facts;
  return facts[code];
}

}  // namespace

Category category_of(char32_t code) { return static_cast<Category>(facts_of(code) & kCategoryBits); }
bool is_newer(char32_t code) { return (facts_of(code) & kNewer) != 0; }
bool moves_in_normalization(char32_t code) { return (facts_of(code) & kMoves) != 0; }

}  // namespace deepscaler
