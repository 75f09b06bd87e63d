#include "corpus/match/ngrams.h"

#include <algorithm>
#include <map>
#include <set>

namespace deepscaler {

std::vector<std::string> ngrams(const Words& words, size_t n) {
  std::vector<std::string> runs;
  for (size_t begin = 0; begin + n <= words.size(); ++begin) {
    std::string run = words[begin];
    for (size_t i = 1; i < n; ++i) run += ' ' + words[begin + i];
    runs.push_back(std::move(run));
  }
  return runs;
}

void NgramIndex::add(const Words& words) {
  const auto text = static_cast<uint32_t>(lengths_.size());
  lengths_.push_back(words.size());
  too_short_ += words.size() < n_ ? 1 : 0;
  const std::vector<std::string> runs = ngrams(words, n_);
  for (size_t i = 0; i < runs.size(); ++i) places_[runs[i]].push_back({text, static_cast<uint32_t>(i)});
}

std::vector<NgramIndex::Hit> NgramIndex::hits(const Words& words) const {
  std::map<size_t, Hit> hits;
  std::map<size_t, std::set<size_t>> covered;
  std::set<std::string> seen;
  for (const std::string& run : ngrams(words, n_)) {
    const auto found = places_.find(run);
    if (found == places_.end() || !seen.insert(run).second) continue;
    for (const Place& place : found->second) {
      hits.try_emplace(place.text, Hit{.text = place.text, .run = run});
      for (size_t i = 0; i < n_; ++i) covered[place.text].insert(place.word + i);
    }
  }
  std::vector<Hit> sorted;
  for (auto& [text, hit] : hits) {
    hit.covered = std::ssize(covered[text]);
    hit.share = static_cast<double>(hit.covered) / static_cast<double>(lengths_[text]);
    sorted.push_back(std::move(hit));
  }
  return sorted;
}

int64_t longest_common_subsequence(const Words& a, const Words& b) {
  std::vector<int64_t> row(b.size() + 1);  // of the words of `a` so far and the first so many of `b`
  for (const std::string& word : a) {
    int64_t diagonal = 0;
    for (size_t j = 1; j <= b.size(); ++j) {
      const int64_t above = row[j];
      row[j] = word == b[j - 1] ? diagonal + 1 : std::max(above, row[j - 1]);
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace deepscaler
