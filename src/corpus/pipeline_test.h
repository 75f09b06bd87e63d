// A folder with inputs and the data set "out" that a pipeline makes of them; for tests of this layer.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/temporary_folder.h"
#include "corpus/run_pipeline.h"

namespace deepscaler {

class PipelineTest : public testing::Test {
 protected:
  void file(const std::string& name, const std::string& bytes) const;
  [[nodiscard]] PipelineRequest request(const std::string& toml) const;
  PipelineOutcome run(const std::string& toml) const { return run_pipeline(request(toml)); }
  // What the pipeline is refused with; "accepted" where it is not.
  [[nodiscard]] std::string refusal(const std::string& toml) const;
  [[nodiscard]] std::vector<nlohmann::ordered_json> lines(const std::string& name) const;
  // "reason id" of every record that a step dropped.
  [[nodiscard]] std::vector<std::string> dropped(const std::string& step) const;
  // Every file of the data set but its lock, with its bytes.
  [[nodiscard]] std::map<std::string, std::string> bytes() const;

  const TemporaryFolder folder_;
};

constexpr const char* kIngest = "[[step]]\nkind = \"ingest\"\nfiles = [\"in.jsonl\"]\n";

// What records were dropped for: "reason id" each.
using Reasons = std::vector<std::string>;

}  // namespace deepscaler
