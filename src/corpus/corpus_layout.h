// The names of a data set's files, which a pipeline makes.
//
//   datasets/NAME/  pipeline.toml   the pipeline with every key written out
//                   train.jsonl ... what `write` steps have written
//                   README.md       the data card
//                   page.html       the funnel and examples of what was dropped, for a browser
//                   manifest.json   SHA-256 of inputs, outputs and steps, counts, versions
//                   replies/        of language models, by the hash of what was asked
//                   lock            held by the process that works on it
//                   steps/written.json     SHA-256 of all that the pipeline has written
//                   steps/01-ingest/  kept.jsonl      the records after the step
//                                     dropped.jsonl   what it took out: {"reason", "evidence", "record"}
//                                     step.json       written last: the step is done
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace deepscaler {

struct CorpusLayout {
  std::filesystem::path path;  // of the folder

  [[nodiscard]] std::filesystem::path pipeline() const { return path / "pipeline.toml"; }
  [[nodiscard]] std::filesystem::path card() const { return path / "README.md"; }
  [[nodiscard]] std::filesystem::path page() const { return path / "page.html"; }
  [[nodiscard]] std::filesystem::path manifest() const { return path / "manifest.json"; }
  [[nodiscard]] std::filesystem::path lock() const { return path / "lock"; }
  [[nodiscard]] std::filesystem::path replies() const { return path / "replies"; }
  [[nodiscard]] std::filesystem::path steps() const { return path / "steps"; }
  [[nodiscard]] std::filesystem::path written() const { return steps() / "written.json"; }
};

// The files of one step.
struct StepLayout {
  std::filesystem::path path;

  [[nodiscard]] std::filesystem::path kept() const { return path / "kept.jsonl"; }
  [[nodiscard]] std::filesystem::path dropped() const { return path / "dropped.jsonl"; }
  [[nodiscard]] std::filesystem::path done() const { return path / "step.json"; }
};

}  // namespace deepscaler
