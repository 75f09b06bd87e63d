// How answers, errors and times look to clients of Ollama's API (ollama/ollama, docs/api.md): one JSON object
// a line, the last of which has the counts.
#pragma once

#include <string>

#include "serve/answer/answer.h"
#include "serve/api/served_model.h"
#include "serve/http/http_message.h"

namespace deepscaler {

enum class OllamaEndpoint {
  kChat,      // the text is in "message"
  kGenerate,  // the text is in "response"
};

// Of questions with one prompt and one response.
class OllamaForm : public AnswerForm {
 public:
  OllamaForm(OllamaEndpoint endpoint, std::string model) : endpoint_(endpoint), model_(std::move(model)) {}

  [[nodiscard]] std::string whole(const Answer& answer) const override;
  [[nodiscard]] std::string stream_type() const override { return "application/x-ndjson"; }
  [[nodiscard]] std::string go_on(const Answer& answer, const ChoiceNews& news) const override;
  [[nodiscard]] std::string end(const Answer& answer) const override;
  [[nodiscard]] std::string break_off(int status, const std::string& message) const override;
  [[nodiscard]] std::string refusal(int status, const std::string& message) const override;

  // What a request without a message or prompt gets: Ollama's clients load models with it.
  [[nodiscard]] std::string loaded() const;

 private:
  [[nodiscard]] Json line(const AnswerPart& part, bool is_done) const;
  [[nodiscard]] Json last_line(const Answer& answer, const AnswerPart& part) const;

  OllamaEndpoint endpoint_;
  std::string model_;
};

// {"error": "..."}, in place of OpenAI's form of the same error.
[[nodiscard]] HttpResponse ollama_error(HttpResponse openai);

// Seconds since 1970 as "2026-01-31T12:00:00Z".
[[nodiscard]] std::string utc_time(int64_t seconds);

}  // namespace deepscaler
