// Runs of words that texts have in common.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "corpus/match/normal_form.h"

namespace deepscaler {

// Every run of n words, joined by spaces, in order; none where there are fewer words.
[[nodiscard]] std::vector<std::string> ngrams(const Words& words, size_t n);

// The runs of n words of many texts, and where they stand. Const functions are thread-safe.
class NgramIndex {
 public:
  explicit NgramIndex(size_t n) : n_(n) {}

  void add(const Words& words);  // texts are numbered in the order in which they are added

  struct Hit {
    size_t text = 0;
    int64_t covered = 0;  // words of it that stand in a shared run
    double share = 0;     // of its words, in (0, 1]
    std::string run;      // the first shared run, as the asking text has it
  };
  // The texts that share a run with these words, by their numbers.
  [[nodiscard]] std::vector<Hit> hits(const Words& words) const;

  // Texts too short to have a run.
  [[nodiscard]] int64_t too_short() const { return too_short_; }

 private:
  struct Place {
    uint32_t text, word;
  };
  size_t n_;
  int64_t too_short_ = 0;
  std::vector<size_t> lengths_;
  std::unordered_map<std::string, std::vector<Place>> places_;
};

// The length of the longest common subsequence, in words.
[[nodiscard]] int64_t longest_common_subsequence(const Words& a, const Words& b);

}  // namespace deepscaler
