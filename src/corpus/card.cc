#include "corpus/card.h"

#include <fmt/format.h>

#include <filesystem>

#include "corpus/steps/step.h"

namespace deepscaler {
namespace {

std::string reasons_text(const StepSummary& summary) {
  std::string text;
  for (const auto& [reason, count] : summary.dropped)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, reason);
  return text;
}

// "train" of "train.jsonl" and of "data/train-00000-of-00001.parquet".
std::string split_of(const std::string& file) {
  const std::string stem = std::filesystem::path(file).stem().string();
  return stem.substr(0, stem.find("-00000"));
}

// Which file is which split, for `datasets.load_dataset`.
std::string front_matter(std::span<const SummarizedStep> steps) {
  std::string text = "---\ntask_categories:\n- text-generation\ntags:\n- math\n";
  for (const SummarizedStep& step : steps) {
    if (step.summary.outputs.empty()) continue;
    text += "configs:\n- config_name: default\n  data_files:\n";
    for (const HashedFile& file : step.summary.outputs) {
      text += fmt::format("  - split: {}\n    path: {}\n", split_of(file.name), file.name);
    }
    break;  // further steps write the same records in other forms
  }
  return text + "---\n";
}

}  // namespace

std::string data_card(const CardOfData& data) {
  const std::span<const SummarizedStep> steps = data.steps;
  std::string card = front_matter(steps) + fmt::format("\n# {}\n\n", data.name);
  if (!data.description.empty()) card += fmt::format("{}\n\n", data.description);
  card += fmt::format(
      "Made by `deepscaler data {}`. `pipeline.toml` has all its settings, `manifest.json` the SHA-256 of "
      "every "
      "file read and written.\n\n",
      data.pipeline);
  card += "## Steps\n\n| step | records in | records out | dropped |\n|---|---|---|---|\n";
  for (const SummarizedStep& step : steps) {
    card += fmt::format("| {} | {} | {} | {} |\n", step.summary.kind, step.summary.records_in,
                        step.summary.records_out, reasons_text(step.summary));
  }
  card += "\n## Sources\n\n| file | bytes | SHA-256 |\n|---|---|---|\n";
  for (const SummarizedStep& step : steps) {
    if (!adds_records(step.summary.kind)) continue;
    for (const HashedFile& file : step.summary.inputs)
      card += fmt::format("| {} | {} | `{}` |\n", file.name, file.bytes, file.sha256);
  }
  card += "\nThe licences of the sources hold for their records.\n";
  return card;
}

}  // namespace deepscaler
