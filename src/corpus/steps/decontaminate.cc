#include "corpus/steps/decontaminate.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/config.h"
#include "base/error.h"
#include "base/parallel.h"
#include "corpus/match/overlap_rule.h"
#include "corpus/steps/expression.h"
#include "corpus/steps/record_form.h"
#include "embed/sentence_encoder.h"
#include "embed/vector_index.h"
#include "formats/json_text.h"
#include "tables/compressed.h"
#include "tables/data_file.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// The problems of one evaluation.
struct TestSet {
  std::string name;
  std::vector<std::string> problems;
};

TestSet read_test_set(const std::filesystem::path& file, std::string name) {
  const RowExpression problem = parse_row_expression(record_form("plain").problem, file.string());
  TestSet set{std::move(name), {}};
  for_each_row(file, [&](const Json& row, const std::string& where) {
    set.problems.push_back(text_of_value(problem(row)));
    if (set.problems.back().empty()) {
      throw Error(where, "has no problem", "name it problem, question or prompt");
    }
  });
  if (set.problems.empty()) {
    throw Error(file.string(), "has no problems to compare with",
                "name a file with the problems of an evaluation");
  }
  return set;
}

// "math" for .../math.json, and its folder before it where two files have one name.
std::string set_name(const std::filesystem::path& file, const std::vector<std::filesystem::path>& files) {
  const std::filesystem::path plain = uncompressed_name(file);
  const auto has_name = [&](const auto& other) { return uncompressed_name(other).stem() == plain.stem(); };
  const bool ambiguous = std::ranges::count_if(files, has_name) > 1;
  return (ambiguous ? plain.parent_path().filename() / plain.stem() : plain.stem()).string();
}

// What one rule says of one test set: the matches of each record.
struct Verdicts {
  std::string_view rule;
  const TestSet* tests;
  int64_t never_matched = 0;
  std::vector<std::vector<OverlapMatch>> matches;
};

Verdicts ask(std::string_view rule, const TestSet& tests, const CorpusRecords& records) {
  const std::unique_ptr<OverlapRule> asked = make_overlap_rule(rule, tests.problems);
  Verdicts verdicts{rule, &tests, asked->never_matched(), {}};
  verdicts.matches.resize(records.size());
  parallel_for(std::ssize(records), [&](int64_t i) {
    const auto at = static_cast<size_t>(i);
    verdicts.matches[at] = asked->matches(records[at].problem);
  });
  return verdicts;
}

constexpr std::string_view kEmbeddings = "embeddings";

std::vector<std::string> rule_names() {
  std::vector<std::string> names = overlap_rule_names();
  names.emplace_back(kEmbeddings);
  return names;
}

// Cosines above `above`, the largest first.
std::vector<Verdicts> ask_embeddings(const SentenceEncoder& encoder, double above,
                                     const std::vector<TestSet>& sets, const CorpusRecords& records,
                                     const StepContext& context) {
  std::vector<std::string> problems;
  for (const CorpusRecord& record : records) problems.push_back(record.problem);
  const Matrix embeddings = encoder.embed(problems, context.progress);
  std::vector<Verdicts> all;
  for (const TestSet& set : sets) {
    const Matrix tests = encoder.embed(set.problems, [&](int64_t) { context.progress(std::ssize(records)); });
    const auto index = make_vector_index(encoder.width(), tests.rows());
    for (int64_t i = 0; i < tests.rows(); ++i) index->add(static_cast<size_t>(i), tests.row(i));
    Verdicts verdicts{kEmbeddings, &set, 0, {}};
    for (int64_t i = 0; i < embeddings.rows(); ++i) {
      std::vector<OverlapMatch> matches;
      for (const auto& [test, cosine] : index->similar(embeddings.row(i), above, set.problems.size()))
        matches.push_back({test, cosine, ""});
      verdicts.matches.push_back(std::move(matches));
    }
    all.push_back(std::move(verdicts));
  }
  return all;
}

Json pair_of(const CorpusRecord& record, const Verdicts& verdicts, const OverlapMatch& match) {
  return {{"rule", verdicts.rule},
          {"against", verdicts.tests->name},
          {"test", match.test + 1},
          {"score", match.score},
          {"shared", match.shared},
          {"id", record.id},
          {"kind", record.source},
          {"problem", record.problem},
          {"test_problem", verdicts.tests->problems[match.test]}};
}

// Counts by rule, source and test set.
Json report_of(const std::vector<Verdicts>& all, const CorpusRecords& records) {
  Json report = Json::array();
  for (const Verdicts& verdicts : all) {
    std::map<std::string, std::pair<int64_t, std::set<size_t>>>
        by_source;  // flagged records, test problems hit
    std::map<std::string, int64_t> sizes;
    for (size_t i = 0; i < records.size(); ++i) {
      ++sizes[records[i].source];
      if (verdicts.matches[i].empty()) continue;
      auto& [flagged, hit] = by_source[records[i].source];
      ++flagged;
      for (const OverlapMatch& match : verdicts.matches[i]) hit.insert(match.test);
    }
    for (const auto& [source, size] : sizes) {
      const auto& [flagged, hit] = by_source[source];
      report.push_back({{"rule", verdicts.rule},
                        {"kind", source},
                        {"against", verdicts.tests->name},
                        {"flagged", flagged},
                        {"records", size},
                        {"test_hit", hit.size()},
                        {"test_size", verdicts.tests->problems.size()},
                        {"test_never_matched", verdicts.never_matched}});
    }
  }
  return report;
}

}  // namespace

void DecontaminateStep::bind(ConfigSection& s) {
  s.field("against", against_, "files or folders with the problems of evaluations").required();
  std::string names;
  for (const OverlapRuleKind& rule : overlap_rules()) {
    names += fmt::format("{}\"{}\": {}", names.empty() ? "" : "; ", rule.name, rule.description);
  }
  names += "; \"embeddings\": a cosine of the problems' embeddings above `cosine`";
  s.field("rules", rules_, "rules that drop a record; " + names);
  s.field("count", count_, "rules that are only counted and listed, to compare");
  deepscaler::bind(s, encoder_);
}

void DecontaminateStep::validate(const std::string& where) const {
  if (against_.empty()) throw Error(where, "\"against\" is empty", "name the files of your evaluations");
  require_rules(rules_, rule_names(), where + ".rules");
  require_rules(count_, rule_names(), where + ".count");
  if (uses(kEmbeddings)) require_encoder(encoder_, where);
}

bool DecontaminateStep::uses(std::string_view rule) const {
  return std::ranges::count(rules_, rule) + std::ranges::count(count_, rule) > 0;
}

std::vector<std::filesystem::path> DecontaminateStep::inputs(const StepContext& context) const {
  std::vector<std::filesystem::path> files = files_of(context, against_);
  if (uses(kEmbeddings)) {
    for (auto& file : encoder_files(encoder_, context)) files.push_back(std::move(file));
  }
  return files;
}

std::vector<std::pair<std::string, std::string>> DecontaminateStep::versions() const {
  if (!uses(kEmbeddings)) return {};
  return {encoder_version()};
}

StepResult DecontaminateStep::run(CorpusRecords records, const StepContext& context) const {
  const std::vector<std::filesystem::path> files = files_of(context, against_);
  std::vector<TestSet> sets;
  for (const auto& file : files) sets.push_back(read_test_set(file, set_name(file, files)));

  std::vector<Verdicts> all;
  for (const OverlapRuleKind& rule : overlap_rules()) {
    if (!uses(rule.name)) continue;
    for (const TestSet& set : sets) {
      all.push_back(ask(rule.name, set, records));
      context.progress(0);
    }
  }
  if (uses(kEmbeddings)) {
    const SentenceEncoder encoder(from_root(context, encoder_.folder));
    for (Verdicts& verdicts : ask_embeddings(encoder, encoder_.cosine, sets, records, context))
      all.push_back(std::move(verdicts));
  }

  StepResult result;
  std::string pairs;
  for (const Verdicts& verdicts : all) {
    for (size_t i = 0; i < records.size(); ++i) {
      for (const OverlapMatch& match : verdicts.matches[i])
        pairs += json_line(pair_of(records[i], verdicts, match)) + "\n";
    }
  }
  result.reports = {{"report.json", report_of(all, records).dump(1) + "\n"},
                    {"pairs.jsonl", std::move(pairs)}};
  for (size_t i = 0; i < records.size(); ++i) {
    const auto flagged = std::ranges::find_if(all, [&](const Verdicts& verdicts) {
      return std::ranges::count(rules_, verdicts.rule) > 0 && !verdicts.matches[i].empty();
    });
    if (flagged == all.end()) {
      result.kept.push_back(std::move(records[i]));
      continue;
    }
    const OverlapMatch& match = flagged->matches[i][0];
    const Json evidence = {{"against", flagged->tests->name},
                           {"test", match.test + 1},
                           {"score", match.score},
                           {"shared", match.shared},
                           {"text", flagged->tests->problems[match.test]}};
    drop(result, std::move(records[i]), fmt::format("contaminated-{}", flagged->rule), evidence);
  }
  return result;
}

}  // namespace deepscaler
