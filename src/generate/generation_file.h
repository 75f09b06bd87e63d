// Responses to prompts in a JSONL file, docs/generate.md has its keys: a line a response, written when the
// response is done. A job that was stopped or killed goes on from there; when all responses are there the
// lines are in input order, and the file is the one that an unbroken job writes.
//
//   GenerationFile file("out.jsonl", {.prompts = prompts, .samples = 8}, engine.generator(), encoder);
//   file.resume();
//   file.fill();
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/problem.h"
#include "data/prompt_encoder.h"
#include "generate/generation_settings.h"
#include "generate/prompts.h"
#include "generate/sample_file.h"
#include "infer/generator.h"
#include "infer/stop_strings.h"

namespace deepscaler {

struct GenerationJob {
  std::vector<Prompt> prompts;
  int64_t samples = 1;  // of a prompt
  // One for each prompt: then every line has "problem", and in "correct" whether the response is
  // right: true, false, or null where that can't be decided. None: nothing is graded.
  std::vector<Problem> problems = {};
  GenerationSettings settings;
};

// Told while a job is done; both may be empty.
struct GenerationProgress {
  std::function<void(int64_t responses)> finished;  // responses in the file
  std::function<void(int64_t tokens)> tokens;       // new ones
};

// One thread owns it; one process at a time may write a file.
class GenerationFile {
 public:
  // Generator and encoder must outlive this object. Throws Error for stop strings that can't be used and for
  // more responses than a job may have; touches no file.
  GenerationFile(std::filesystem::path path, GenerationJob job, Generator& generator,
                 const PromptEncoder& encoder);
  ~GenerationFile();

  // Takes over the responses of an earlier job, if there are any; an unfinished last line is cut off. Throws
  // Error for a line that this job would not have written; the file is then as it was. Without a call of this
  // the first response replaces what is there.
  void resume();

  // Generates what is missing and puts the lines in order. Throws as Generator::generate does, Interrupted
  // too: responses that are finished are in the file.
  void fill(const GenerationProgress& progress = {});

  [[nodiscard]] int64_t responses() const { return file_.size(); }
  [[nodiscard]] int64_t all_responses() const { return std::ssize(job_.prompts) * job_.samples; }

 private:
  void check_prompt(const nlohmann::ordered_json& line, int64_t prompt, const std::string& where) const;
  void check_settings(const nlohmann::ordered_json& line, const std::string& where) const;
  void add(SampleName name, const Generation& generation);
  void remember(SampleName name, const std::string& where);
  void put_in_order();

  GenerationJob job_;
  Generator& generator_;
  const PromptEncoder& encoder_;
  StopStrings stop_;
  std::unique_ptr<const nlohmann::ordered_json> settings_;  // the keys that all lines share
  SampleFile file_;
  std::vector<SampleName> order_;  // of the lines in the file
};

}  // namespace deepscaler
