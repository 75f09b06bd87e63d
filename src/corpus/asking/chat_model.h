// The language model that steps ask: behind HTTP, or in memory.
//
// Every reply is kept in a folder by the hash of what was asked, so a step that is stopped, killed or done
// again asks for nothing twice. A sample that does not come, however that failed, is missing, and so is an
// empty reply and one that a server withholds: the step then has no right to keep the record for it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace deepscaler {

class ConfigSection;

struct ChatModelConfig {
  std::string model;     // its name at the endpoint, or a folder or GGUF file; empty: no model is asked
  std::string endpoint;  // what stands before /chat/completions; empty: the model is in memory
  std::string key_file;  // holds the key that is sent to the endpoint (base/api_keys.h); empty: none
  int64_t samples = 1;   // of each question
  double temperature = 0.7;
  int64_t max_response_tokens = 2048;
  int64_t side_by_side = 8;        // requests under way at a time
  double requests_per_minute = 0;  // at most, further tries included; 0: as many as are answered
  double patience_s = 120;         // for one request, its pauses and tries together
  int64_t answer_time_s = 300;     // for the first byte of an answer, and between two

  [[nodiscard]] bool is_asked() const { return !model.empty(); }
};

void bind(ConfigSection& section, ChatModelConfig& config);

// Throws Error naming `where` for an endpoint without a model, or a URL that is none.
void validate(const ChatModelConfig& config, const std::string& where);

struct ChatQuestion {
  std::string id;        // names it in errors, and is the stream of its random numbers
  std::string messages;  // JSON: [{"role", "content"}, ...]
};

struct Replies {
  std::vector<std::string> texts;  // a sample each; with <think> and </think> around what was thought
  std::string fault;               // why a sample is missing; empty: none is, or the prompt is too long
  std::string too_long;            // what the model says of a prompt that is too long for it; empty: it fits
};

// Where steps ask from.
struct Asking {
  std::filesystem::path root;  // where relative paths of models and keys start
  std::filesystem::path kept;  // the folder of replies; empty: none are kept
  uint64_t seed = 1;
  std::function<void(int64_t questions)> progress;  // so many have their replies; may throw Interrupted
};

// The replies to each question, in order. Throws Error for a model or key that can't be read, and for an
// endpoint at which eight requests in a row fail; Interrupted. Replies so far are kept.
[[nodiscard]] std::vector<Replies> ask(const ChatModelConfig& config, std::span<const ChatQuestion> questions,
                                       const Asking& asking);

// The files of a model in memory; none for an endpoint. Throws Error for a path that leads nowhere.
[[nodiscard]] std::vector<std::filesystem::path> model_files(const ChatModelConfig& config,
                                                             const std::filesystem::path& root);

}  // namespace deepscaler
