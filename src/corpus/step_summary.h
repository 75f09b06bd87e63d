// What a step that is done has to say: step.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace deepscaler {

struct HashedFile {
  std::string name;  // relative to where it is said
  int64_t bytes = 0;
  std::string sha256;
};

struct StepSummary {
  std::string kind;
  std::string key;  // a hash of all that the result depends on
  std::vector<std::string> sources;
  int64_t records_in = 0, records_out = 0;
  std::vector<std::pair<std::string, int64_t>> dropped;  // by reason, the most frequent first
  std::vector<std::pair<std::string, int64_t>> figures;
  std::vector<std::pair<std::string, std::string>> versions;
  std::vector<HashedFile> inputs;   // names from the pipeline's root
  std::vector<HashedFile> files;    // of the step's folder
  std::vector<HashedFile> outputs;  // of the pipeline's folder
};

[[nodiscard]] nlohmann::ordered_json to_json(const StepSummary& summary);
// The summary in a file; nothing where there is none, or where it can't be read.
[[nodiscard]] std::optional<StepSummary> read_step_summary(const std::filesystem::path& path);

// The summaries of a data set's steps, in order, with their folders. Throws Error for a folder that has none.
struct SummarizedStep {
  std::filesystem::path folder;
  StepSummary summary;
};
[[nodiscard]] std::vector<SummarizedStep> read_step_summaries(const std::filesystem::path& data_set);

// `path` from `folder`, or whole where it is elsewhere.
[[nodiscard]] HashedFile hashed_file(const std::filesystem::path& path, const std::filesystem::path& folder);

}  // namespace deepscaler
