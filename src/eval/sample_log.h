// The samples of an evaluation as they finish, in a JSONL file, so that a stopped evaluation can go on:
//
//   {"settings": {...}}
//   {"problem": 0, "id": "1f0c...", "sample": 3, "tokens": 212, "truncated": false, "text": "..."}
//
// The file has no verdicts: they are made anew from the texts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "eval/settings.h"
#include "generate/sample_file.h"

namespace deepscaler {

struct LoggedSample {
  int64_t problem = 0;  // its place in the evaluation
  std::string id;       // and its id
  int64_t sample = 0;
  int64_t tokens = 0;
  bool truncated = false;
  std::string text;
};

// One thread owns it; one process at a time may write a file.
class SampleLog {
 public:
  // Opens the log of an evaluation that goes on, or begins a new one with the first sample. Throws Error for
  // a file that is no such log, or one of other settings, naming all that differ; the file stays as it was.
  SampleLog(const std::filesystem::path& path, const EvalSettings& settings);

  // What an earlier process finished. A sample that is there twice, since two processes wrote the file side
  // by side, counts once: both have the same text.
  [[nodiscard]] const std::vector<LoggedSample>& earlier() const { return earlier_; }

  void add(const LoggedSample& sample);  // throws Error

 private:
  void take(const nlohmann::ordered_json& line, const std::string& where);

  EvalSettings settings_;
  bool has_settings_ = false;
  std::vector<LoggedSample> earlier_;
  SampleFile file_;
};

}  // namespace deepscaler
