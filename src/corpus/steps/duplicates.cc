#include "corpus/steps/duplicates.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/config.h"
#include "base/parallel.h"
#include "corpus/match/minhash.h"
#include "embed/sentence_encoder.h"
#include "embed/vector_index.h"
#include "verify/grade.h"
#include "verify/version.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr ConfigName<DuplicatesStep::Compare> kCompare[] = {
    {"kept", DuplicatesStep::Compare::kKept}, {"earlier-sources", DuplicatesStep::Compare::kEarlierSources}};

struct Twin {
  size_t record;  // its number
  double similarity;
};

}  // namespace

// Records that were added, and which of them is a twin of another record.
class TwinFinder {
 public:
  explicit TwinFinder(std::string_view reason) : reason(reason) {}
  virtual ~TwinFinder() = default;
  [[nodiscard]] virtual std::optional<Twin> twin(size_t record) = 0;
  virtual void add(size_t record) = 0;
  // Pairs that were similar enough, but have other answers.
  [[nodiscard]] virtual int64_t other_answers() const { return 0; }

  const std::string_view reason;
};

namespace {

class EqualForms : public TwinFinder {
 public:
  using Form = std::string (*)(std::string_view);
  EqualForms(const CorpusRecords& records, std::string_view reason, Form form, size_t least_words)
      : TwinFinder(reason), forms_(records.size()) {
    parallel_for(std::ssize(records), [&](int64_t i) {
      const std::string& problem = records[static_cast<size_t>(i)].problem;
      if (plain_words(problem).size() >= least_words) forms_[static_cast<size_t>(i)] = form(problem);
    });
  }
  [[nodiscard]] std::optional<Twin> twin(size_t record) override {
    const auto found = first_.find(forms_[record]);
    return found == first_.end() ? std::nullopt : std::optional(Twin{found->second, 1});
  }
  void add(size_t record) override {
    if (!forms_[record].empty()) first_.try_emplace(forms_[record], record);
  }

 private:
  std::vector<std::string> forms_;
  std::unordered_map<std::string, size_t> first_;
};

// Whether the two are different problems by their answers: none of the one is, or may be, one of the other.
// What differs in a sign or a number is similar in its words.
bool have_other_answers(const CorpusRecord& a, const CorpusRecord& b) {
  const auto is_readable = [](const CorpusRecord& record) {
    return !record.answers.empty() && std::ranges::all_of(record.answers, is_readable_reference);
  };
  if (!is_readable(a) || !is_readable(b)) return false;
  return std::ranges::all_of(b.answers, [&](const std::string& answer) {
    const Verdict verdict = grade(a.answers, "\\boxed{" + answer + "}");
    return !verdict.correct && !verdict.undecided;
  });
}

// Candidates agree in a band of their signatures; the sets themselves decide.
class SimilarShingles : public TwinFinder {
 public:
  SimilarShingles(const CorpusRecords& records, double least)
      : TwinFinder("near-duplicate"),
        records_(records),
        least_(least),
        shingles_(records.size()),
        bands_(records.size()) {
    parallel_for(std::ssize(records), [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      shingles_[at] = shingles(plain_words(records[at].problem));
      bands_[at] = band_hashes(minhash(shingles_[at]));
    });
  }
  [[nodiscard]] std::optional<Twin> twin(size_t record) override {
    std::optional<Twin> best;
    std::unordered_set<size_t> seen;
    for (size_t band = 0; band < kMinhashBands; ++band) {
      const auto found = added_[band].find(bands_[record][band]);
      if (found == added_[band].end()) continue;
      for (const size_t other : found->second) {
        if (!seen.insert(other).second) continue;
        const double similarity = jaccard(shingles_[record], shingles_[other]);
        const bool better = !best || similarity > best->similarity ||
                            (similarity == best->similarity && other < best->record);
        if (similarity < least_ || !better) continue;
        if (have_other_answers(records_[other], records_[record]))
          ++other_answers_;
        else
          best = Twin{other, similarity};
      }
    }
    return best;
  }
  [[nodiscard]] int64_t other_answers() const override { return other_answers_; }
  void add(size_t record) override {
    if (shingles_[record].empty()) return;
    for (size_t band = 0; band < kMinhashBands; ++band) added_[band][bands_[record][band]].push_back(record);
  }

 private:
  const CorpusRecords& records_;
  double least_;
  int64_t other_answers_ = 0;
  std::vector<std::vector<std::string>> shingles_;
  std::vector<std::array<uint64_t, kMinhashBands>> bands_;
  std::array<std::unordered_map<uint64_t, std::vector<size_t>>, kMinhashBands> added_;
};

// Embeddings near each other.
class SimilarEmbeddings : public TwinFinder {
 public:
  SimilarEmbeddings(const CorpusRecords& records, Matrix embeddings, double above)
      : TwinFinder("similar-meaning"),
        records_(records),
        above_(above),
        embeddings_(std::move(embeddings)),
        index_(make_vector_index(embeddings_.cols(), embeddings_.rows())) {}

  [[nodiscard]] std::optional<Twin> twin(size_t record) override {
    constexpr size_t kLookedAt = 16;  // the most similar ones may have other answers
    for (const auto& [other, similarity] : index_->similar(row(record), above_, kLookedAt)) {
      if (!have_other_answers(records_[other], records_[record])) return Twin{other, similarity};
      ++other_answers_;
    }
    return std::nullopt;
  }
  [[nodiscard]] int64_t other_answers() const override { return other_answers_; }
  void add(size_t record) override { index_->add(record, row(record)); }

 private:
  [[nodiscard]] const float* row(size_t record) const {
    return embeddings_.row(static_cast<int64_t>(record));
  }

  const CorpusRecords& records_;
  double above_;
  Matrix embeddings_;
  std::unique_ptr<VectorIndex> index_;
  int64_t other_answers_ = 0;
};

const std::vector<std::string> kRules = {"exact", "minhash", "embeddings", "changed-numbers"};
constexpr size_t kLeastTemplateWords = 8;

}  // namespace

std::unique_ptr<TwinFinder> DuplicatesStep::make_finder(const std::string& rule, const CorpusRecords& records,
                                                        const StepContext& context) const {
  if (rule == "exact") return std::make_unique<EqualForms>(records, "duplicate", bare_form, 1);
  if (rule == "minhash") return std::make_unique<SimilarShingles>(records, jaccard_);
  if (rule == "embeddings") {
    std::vector<std::string> problems;
    for (const CorpusRecord& record : records) problems.push_back(record.problem);
    const SentenceEncoder encoder(from_root(context, encoder_.folder));
    return std::make_unique<SimilarEmbeddings>(records, encoder.embed(problems, context.progress),
                                               encoder_.cosine);
  }
  return std::make_unique<EqualForms>(records, "changed-numbers", numberless_form, kLeastTemplateWords);
}

void DuplicatesStep::bind(ConfigSection& s) {
  s.field("rules", rules_,
          "what counts as the same: \"exact\", \"minhash\", \"embeddings\", \"changed-numbers\"");
  s.choice("compare", compare_,
           "a record is compared with all kept before it, or with every record of earlier sources alone",
           kCompare);
  s.field("jaccard", jaccard_, "least share of runs of five words in both, for minhash").range(0.5, 1);
  deepscaler::bind(s, encoder_);
}

void DuplicatesStep::validate(const std::string& where) const {
  require_rules(rules_, kRules, where + ".rules");
  if (uses_embeddings()) require_encoder(encoder_, where);
}

bool DuplicatesStep::uses_embeddings() const { return std::ranges::count(rules_, "embeddings") > 0; }

std::vector<std::filesystem::path> DuplicatesStep::inputs(const StepContext& context) const {
  if (!uses_embeddings()) return {};
  return encoder_files(encoder_, context);
}

std::vector<std::pair<std::string, std::string>> DuplicatesStep::versions() const {
  std::vector<std::pair<std::string, std::string>> versions = {{"verifier", verifier_version()}};
  if (uses_embeddings()) versions.push_back(encoder_version());
  return versions;
}

StepResult DuplicatesStep::run(CorpusRecords records, const StepContext& context) const {
  std::vector<std::unique_ptr<TwinFinder>> finders;
  for (const std::string& rule : kRules) {
    if (std::ranges::count(rules_, rule) > 0) finders.push_back(make_finder(rule, records, context));
  }
  // Sources by their first record. In order of sources, those before the present one have been added.
  std::vector<std::string> sources;
  for (const CorpusRecord& record : records) {
    if (std::ranges::count(sources, record.source) == 0) sources.push_back(record.source);
  }
  struct Found {
    size_t record = 0;
    double similarity = 0;
    std::string_view reason;  // empty: no twin
  };
  std::vector<Found> found(records.size());
  const auto look = [&](size_t i) {
    for (const auto& finder : finders) {
      if (const auto twin = finder->twin(i)) {
        found[i] = {twin->record, twin->similarity, finder->reason};
        return;
      }
    }
  };
  const auto add = [&](size_t i) {
    for (const auto& finder : finders) finder->add(i);
  };
  if (compare_ == Compare::kKept) {
    for (size_t i = 0; i < records.size(); ++i) {
      look(i);
      if (found[i].reason.empty()) add(i);
      context.progress(static_cast<int64_t>(i) + 1);
    }
  } else {
    int64_t looked_at = 0;
    for (const std::string& source : sources) {
      for (size_t i = 0; i < records.size(); ++i) {
        if (records[i].source != source) continue;
        look(i);
        context.progress(++looked_at);
      }
      for (size_t i = 0; i < records.size(); ++i) {
        if (records[i].source == source) add(i);
      }
    }
  }

  StepResult result;
  int64_t other_answers = 0;
  for (const auto& finder : finders) other_answers += finder->other_answers();
  result.figures = {{"similar pairs with other answers", other_answers}};
  std::vector<Json> evidence(records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    if (found[i].reason.empty()) continue;
    const CorpusRecord& first = records[found[i].record];
    evidence[i] = {{"of", first.id},
                   {"kind", first.source},
                   {"similarity", found[i].similarity},
                   {"text", first.problem}};
  }
  for (size_t i = 0; i < records.size(); ++i) {
    if (found[i].reason.empty())
      result.kept.push_back(std::move(records[i]));
    else
      drop(result, std::move(records[i]), found[i].reason, evidence[i]);
  }
  return result;
}

}  // namespace deepscaler
