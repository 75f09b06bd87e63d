#include "corpus/run_pipeline.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_lock.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "base/signals.h"
#include "corpus/card.h"
#include "corpus/corpus_layout.h"
#include "corpus/funnel_page.h"
#include "corpus/steps/step.h"
#include "corpus/written_files.h"
#include "formats/json_text.h"
#include "formats/jsonl.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string kept_lines(const CorpusRecords& records) {
  std::string lines;
  for (const CorpusRecord& record : records) lines += json_line(to_json(record)) + "\n";
  return lines;
}

std::string dropped_lines(const std::vector<DroppedRecord>& dropped) {
  std::string lines;
  for (const DroppedRecord& each : dropped) {
    lines += json_line({{"reason", each.reason},
                        {"evidence", Json::parse(each.evidence)},
                        {"record", to_json(each.record)}}) +
             "\n";
  }
  return lines;
}

CorpusRecords read_records(const fs::path& path) {
  CorpusRecords records;
  JsonlReader lines(path);
  for (Json json; lines.next(json);) records.push_back(corpus_record(json));
  return records;
}

// By reason, the most frequent first.
std::vector<std::pair<std::string, int64_t>> count_reasons(const std::vector<DroppedRecord>& dropped) {
  std::map<std::string, int64_t> counts;
  for (const DroppedRecord& each : dropped) ++counts[each.reason];
  std::vector<std::pair<std::string, int64_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::greater<>(), &std::pair<std::string, int64_t>::second);
  return sorted;
}

class Runner {
 public:
  explicit Runner(const PipelineRequest& request) : request_(request), layout_{request.folder} {}

  PipelineOutcome run() {
    validate(config(), request_.where);
    std::vector<StepSummary> planned;
    for (size_t i = 0; i < config().steps.size(); ++i) planned.push_back(plan(i));
    require_new_sources();
    take_folder();
    const FileLock lock(layout_.lock());
    written_.emplace(layout_.path, sha256_hex(fs::weakly_canonical(request_.where).string()));
    require_same_pipeline();
    remove_other_steps();
    write({{"pipeline.toml", saved_config()}});

    PipelineOutcome outcome;
    for (size_t i = 0; i < planned.size(); ++i) {
      planned[i].key = key_of(i, planned[i], i == 0 ? nullptr : &outcome.steps.back().summary);
      const StepLayout files{folder_of(i)};
      auto done = read_step_summary(files.done());
      if (!done || done->key != planned[i].key || asks_again(*done) || !has_files(files, *done)) {
        done = carry_out(i, std::move(planned[i]));
        ++outcome.done_now;
      } else {
        records_.reset();
      }
      outcome.steps.push_back({files.path, std::move(*done)});
      require_records(i, outcome.steps.back().summary);
    }
    const std::string name = config().name.empty() ? layout_.path.filename().string() : config().name;
    write({{"manifest.json", manifest_text(outcome.steps)},
           {"README.md", data_card({.name = name,
                                    .description = config().description,
                                    .pipeline = fs::path(request_.where).filename().string(),
                                    .steps = outcome.steps})},
           {"page.html", funnel_page(name, outcome.steps)}});
    written_->keep_only(own_files(outcome.steps));
    return outcome;
  }

 private:
  [[nodiscard]] const PipelineConfig& config() const { return request_.config; }

  [[nodiscard]] std::string where_of(size_t i) const { return fmt::format("{}: step.{}", request_.where, i); }

  [[nodiscard]] fs::path folder_of(size_t i) const {
    return layout_.steps() / fmt::format("{:02}-{}", i + 1, config().steps[i].kind);
  }

  [[nodiscard]] StepContext context(size_t i) const {
    return {.root = config().root,
            .seed = static_cast<uint64_t>(config().seed),
            .where = where_of(i),
            .kept_replies = layout_.replies(),
            .progress = [](int64_t) { throw_if_stop_requested(); }};
  }

  // What is known of a step before it is done. Throws Error for files that are not there.
  [[nodiscard]] StepSummary plan(size_t i) const {
    const PipelineStep& step = config().steps[i].step();
    StepSummary summary{
        .kind = config().steps[i].kind, .sources = config().steps[i].sources, .versions = step.versions()};
    for (const fs::path& input : step.inputs(context(i))) {
      throw_if_stop_requested();
      require_elsewhere(input);
      summary.inputs.push_back(hashed_file(input, config().root));
    }
    return summary;
  }

  // A file that is read twice would count as other problems.
  void require_new_sources() const {
    std::map<fs::path, size_t> readers;
    for (size_t i = 0; i < config().steps.size(); ++i) {
      if (!adds_records(config().steps[i].kind)) continue;
      for (const fs::path& input : config().steps[i].step().inputs(context(i))) {
        const auto [first, is_new] = readers.emplace(fs::weakly_canonical(input), i);
        if (is_new) continue;
        throw Error(where_of(i) + ".files",
                    first->second == i ? fmt::format("{} comes twice", input.string())
                                       : fmt::format("step.{} reads {} too", first->second, input.string()),
                    "name each file once");
      }
    }
  }

  // What stands in the folder may be removed before a step reads it.
  void require_elsewhere(const fs::path& input) const {
    const fs::path from_here =
        fs::weakly_canonical(input).lexically_relative(fs::weakly_canonical(layout_.path));
    if (from_here.empty() || *from_here.begin() == "..") return;
    throw Error(input.string(), "is in the folder that the pipeline writes",
                "name a file elsewhere, or choose another --output");
  }

  [[nodiscard]] std::string key_of(size_t i, const StepSummary& planned, const StepSummary* before) const {
    StepConfig settings = config().steps[i];
    Json parts = {{"program", request_.program},
                  {"settings", write_config(settings)},
                  {"seed", config().seed},
                  {"before", before == nullptr ? "" : before->files[0].sha256},
                  {"versions", to_json(planned)["versions"]},
                  {"inputs", to_json(planned)["inputs"]}};
    return sha256_hex(parts.dump());
  }

  // Replies that did not come are asked for again; those that came are kept.
  [[nodiscard]] static bool asks_again(const StepSummary& done) {
    return std::ranges::any_of(done.dropped, [](const auto& reason) { return reason.first == kModelFailed; });
  }

  [[nodiscard]] static bool is_there(const fs::path& folder, const std::vector<HashedFile>& files) {
    return std::ranges::all_of(files, [&](const HashedFile& file) {
      std::error_code ignored;
      return fs::is_regular_file(folder / file.name, ignored) &&
             sha256_of_file(folder / file.name) == file.sha256;
    });
  }
  [[nodiscard]] bool has_files(const StepLayout& files, const StepSummary& done) const {
    return is_there(files.path, done.files) && is_there(layout_.path, done.outputs);
  }

  // The root is where this machine has the files, and no part of what the data set is.
  [[nodiscard]] std::string saved_config() const {
    PipelineConfig saved = config();
    saved.root = PipelineConfig().root;
    return write_config(saved);
  }

  void take_folder() const {
    std::error_code ignored;
    // The folder of steps is the first that a pipeline makes. A pipeline.toml may be the user's own.
    const bool others = fs::exists(layout_.path, ignored) && !fs::is_empty(layout_.path, ignored) &&
                        !fs::is_directory(layout_.steps(), ignored);
    if (others) {
      throw Error(layout_.path.string(), "has files in it that are of no pipeline",
                  "choose another --output");
    }
    std::error_code error;
    fs::create_directories(layout_.steps(), error);
    if (error)
      throw Error(layout_.steps().string(), "can't make the folder: " + error.message(), "check the path");
  }

  // An edit of the pipeline goes on with what is there; another pipeline would replace it.
  void require_same_pipeline() const {
    std::error_code ignored;
    if (!written_->is_of_another() || !fs::exists(layout_.pipeline(), ignored)) return;
    if (read_file(layout_.pipeline()) == saved_config()) return;
    throw Error(layout_.path.string(),
                "has the data set of another pipeline, whose settings are in pipeline.toml",
                "choose another --output");
  }

  // Steps of an earlier form of the pipeline. What they have written into the data set stays until this form
  // is whole.
  void remove_other_steps() {
    std::set<fs::path> own = {layout_.steps()};
    for (size_t i = 0; i < config().steps.size(); ++i) own.insert(folder_of(i));
    std::set<std::string> names = written_->names();
    std::erase_if(names, [&](const std::string& name) {
      return name.starts_with("steps/") && !own.contains((layout_.path / name).parent_path());
    });
    written_->keep_only(names);
  }

  void write(const std::vector<StepFile>& files) { written_->write(files); }

  [[nodiscard]] std::set<std::string> own_files(const std::vector<SummarizedStep>& steps) const {
    std::set<std::string> names = {"pipeline.toml", "manifest.json", "README.md", "page.html"};
    for (const SummarizedStep& step : steps) {
      const fs::path folder = step.folder.lexically_relative(layout_.path);
      names.insert(folder / "step.json");
      for (const HashedFile& file : step.summary.files) names.insert(folder / file.name);
      for (const HashedFile& file : step.summary.outputs) names.insert(file.name);
    }
    return names;
  }

  // The records after the step before.
  CorpusRecords take_records(size_t i) {
    if (i == 0) return {};
    CorpusRecords records =
        records_ ? std::move(*records_) : read_records(StepLayout{folder_of(i - 1)}.kept());
    records_.reset();
    return records;
  }

  StepSummary carry_out(size_t i, StepSummary summary) {
    const StepConfig& step = config().steps[i];
    CorpusRecords records = take_records(i);
    summary.records_in = std::ssize(records);
    Progress progress(fmt::format("{}/{} {}", i + 1, config().steps.size(), step.kind), "records",
                      summary.records_in);
    if (adds_records(step.kind)) progress.set_total(0);
    StepContext shown = context(i);
    shown.progress = [&](int64_t done) {
      throw_if_stop_requested();
      progress.update(done);
    };
    StepResult result = run_on_sources(step, std::move(records), shown);
    summary.records_out = std::ssize(result.kept);
    summary.dropped = count_reasons(result.dropped);
    summary.figures = result.figures;
    require_new_outputs(i, result);

    std::error_code ignored;
    fs::remove(StepLayout{folder_of(i)}.done(), ignored);
    result.reports.insert(result.reports.begin(), {{"kept.jsonl", kept_lines(result.kept)},
                                                   {"dropped.jsonl", dropped_lines(result.dropped)}});
    for (const StepFile& file : result.reports) summary.files.push_back(hashed(file));
    for (const StepFile& file : result.outputs) summary.outputs.push_back(hashed(file));
    const fs::path folder = folder_of(i).lexically_relative(layout_.path);
    std::vector<StepFile> files = std::move(result.outputs);
    for (StepFile& file : result.reports) files.push_back({folder / file.name, std::move(file.bytes)});
    write(files);
    write({{folder / "step.json", to_json(summary).dump(1) + "\n"}});
    records_ = std::move(result.kept);
    return summary;
  }

  static HashedFile hashed(const StepFile& file) {
    return {file.name, std::ssize(file.bytes), sha256_hex(file.bytes)};
  }

  // The records of other sources keep their places among those that stay.
  static StepResult run_on_sources(const StepConfig& step, CorpusRecords records,
                                   const StepContext& context) {
    if (step.sources.empty() || adds_records(step.kind)) return step.step().run(std::move(records), context);
    CorpusRecords chosen;
    for (const CorpusRecord& record : records) {
      if (std::ranges::count(step.sources, record.source) > 0) chosen.push_back(record);
    }
    if (chosen.empty()) {
      throw Error(context.where + ".sources", "no record is from these sources",
                  "name the source of an ingest step");
    }
    StepResult result = step.step().run(std::move(chosen), context);
    CorpusRecords merged;
    size_t next = 0;
    for (CorpusRecord& record : records) {
      const bool is_chosen = std::ranges::count(step.sources, record.source) > 0;
      if (!is_chosen) {
        merged.push_back(std::move(record));
      } else if (next < result.kept.size() && result.kept[next].id == record.id) {
        merged.push_back(std::move(result.kept[next++]));
      }
    }
    result.kept = std::move(merged);
    return result;
  }

  void require_new_outputs(size_t i, const StepResult& result) {
    for (const StepFile& output : result.outputs) {
      const auto [first, is_new] = writers_.emplace(output.name, i);
      if (is_new || first->second == i) continue;
      throw Error(where_of(i), fmt::format("writes {}, as step.{} does", output.name, first->second),
                  "give one of them another form");
    }
  }

  void require_records(size_t i, const StepSummary& summary) const {
    if (summary.records_out > 0) return;
    throw Error(where_of(i), fmt::format("leaves no record of {}", summary.records_in),
                fmt::format("look at what it dropped: deepscaler data show {}", layout_.path.string()));
  }

  [[nodiscard]] std::string manifest_text(const std::vector<SummarizedStep>& steps) const {
    Json json = {
        {"program", request_.program}, {"seed", config().seed}, {"pipeline", sha256_hex(saved_config())}};
    json["steps"] = Json::array();
    for (const SummarizedStep& step : steps) json["steps"].push_back(to_json(step.summary));
    return json.dump(1) + "\n";
  }

  const PipelineRequest& request_;
  CorpusLayout layout_;
  std::optional<WrittenFiles> written_;
  std::optional<CorpusRecords> records_;   // after the step done last, where they are in memory
  std::map<std::string, size_t> writers_;  // of output files
};

}  // namespace

PipelineOutcome run_pipeline(const PipelineRequest& request) {
  const StopNotice notice("stopping: steps that are done are kept, and the same command goes on from there");
  return Runner(request).run();
}

}  // namespace deepscaler
