#include "corpus/asking/chat_model.h"

#include <algorithm>

#include "base/config.h"
#include "base/error.h"
#include "corpus/asking/endpoint_replies.h"
#include "corpus/asking/local_replies.h"

namespace deepscaler {

namespace fs = std::filesystem;

void bind(ConfigSection& s, ChatModelConfig& c) {
  s.field("model", c.model,
          "the model that is asked: its name at the endpoint, or a folder or GGUF file (empty: none)");
  s.field("endpoint", c.endpoint,
          "URL before /chat/completions, as http://127.0.0.1:8080/v1 (empty: the model is in memory)");
  s.field("key_file", c.key_file, "file with the key that is sent to the endpoint");
  s.field("samples", c.samples, "replies to each question").range(1, 1024);
  s.field("temperature", c.temperature, "of the model's draws").range(0, 2);
  s.field("max_response_tokens", c.max_response_tokens, "longest reply").range(1, 1 << 20);
  s.field("side_by_side", c.side_by_side, "requests that are under way at a time").range(1, 1024);
  s.field("requests_per_minute", c.requests_per_minute,
          "at most, further tries included (0: as many as are answered)")
      .at_least(0);
  s.field("patience_s", c.patience_s,
          "seconds in which a request is tried again while the server can't answer")
      .at_least(0);
  s.field("answer_time_s", c.answer_time_s, "seconds without a byte after which an answer counts as cut")
      .range(1, 86400);
}

void validate(const ChatModelConfig& config, const std::string& where) {
  if (config.endpoint.empty()) return;
  if (config.model.empty()) {
    throw Error(where + ".model", "is empty, and the endpoint must know which model is meant",
                "give the name that the endpoint has for it");
  }
  if (!config.endpoint.starts_with("http://") && !config.endpoint.starts_with("https://")) {
    throw Error(where + ".endpoint", fmt::format("{} is no URL", config.endpoint),
                "give one as http://127.0.0.1:8080/v1");
  }
}

std::vector<Replies> ask(const ChatModelConfig& config, std::span<const ChatQuestion> questions,
                         const Asking& asking) {
  if (questions.empty()) return {};
  return config.endpoint.empty() ? ask_local(config, questions, asking)
                                 : ask_endpoint(config, questions, asking);
}

std::vector<fs::path> model_files(const ChatModelConfig& config, const fs::path& root) {
  if (!config.is_asked() || !config.endpoint.empty()) return {};
  const fs::path path = root / config.model;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) throw Error(path.string(), "there is no such model", "check the path");
  if (!fs::is_directory(path, ignored)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string extension = entry.path().extension().string();
    const bool counts = extension == ".json" || extension == ".safetensors" || extension == ".jinja";
    if (entry.is_regular_file() && counts) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace deepscaler
