// The model that a server answers with, and what a request may ask of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/prompt_encoder.h"
#include "infer/sampling.h"
#include "model/model.h"
#include "serve/api/request_fields.h"
#include "serve/constraint/token_table.h"
#include "text/chat/control_marks.h"

namespace deepscaler {

// Bounds of one request; the first that is passed is named in its refusal.
struct RequestLimits {
  size_t messages = 4096;
  size_t prompts = 256;               // of /v1/completions
  int64_t samples = 128;              // `n`
  int64_t tokens = int64_t{1} << 20;  // of prompts and responses together
  size_t stops = 16, stop_bytes = 256;
  size_t logit_biases = 1024;
  int64_t top_log_probs = 20;
  size_t tools = 128;
};

// Immutable while requests are answered: any thread may read it.
struct ServedModel {
  ServedModel(const Model& model, const Tokenizer& tokenizer, std::string name);

  // Throws RequestError (404) for the name of another model; the name may be left out, or end in ":latest".
  void require_name(const Json& request) const;

  const Model& model;
  const Tokenizer& tokenizer;
  PromptEncoder encoder;
  ControlMarks marks;
  TokenTable tokens;  // of the model, for answers of a given form
  std::string name;
  std::string hash;         // of the weights
  std::string fingerprint;  // what an answer's bits depend on beside the request: weights, precision, kernels
  int64_t created = 0;      // seconds since 1970
  bool is_gguf = false;     // what it was read from, and
  int64_t file_bytes = 0;   // how large that is
  int64_t most_positions = 0;    // of a prompt and its response
  SamplingConfig defaults;       // of what a request leaves open
  std::optional<uint64_t> seed;  // of requests without one; not set: a new one for each
  RequestLimits limits;
};

}  // namespace deepscaler
