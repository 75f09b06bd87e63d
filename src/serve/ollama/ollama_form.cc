#include "serve/ollama/ollama_form.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "serve/http/json_body.h"

namespace deepscaler {
namespace {

int64_t nanoseconds(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

Json calls_json(const std::vector<ToolCall>& calls) {
  Json list = Json::array();
  for (const ToolCall& call : calls) {
    list.push_back({{"function", {{"name", call.name}, {"arguments", Json::parse(call.arguments)}}}});
  }
  return list;
}

}  // namespace

std::string utc_time(int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

HttpResponse ollama_error(HttpResponse openai) {
  const Json body = Json::parse(openai.body);
  openai.body = text_of({{"error", body["error"]["message"]}});
  return openai;
}

Json OllamaForm::line(const AnswerPart& part, bool is_done) const {
  Json json = {{"model", model_}, {"created_at", utc_time(std::time(nullptr))}};
  if (endpoint_ == OllamaEndpoint::kChat) {
    json["message"] = {{"role", "assistant"}, {"content", part.content}};
    if (!part.reasoning.empty()) json["message"]["thinking"] = part.reasoning;
    if (!part.tool_calls.empty()) json["message"]["tool_calls"] = calls_json(part.tool_calls);
  } else {
    json["response"] = part.content;
    if (!part.reasoning.empty()) json["thinking"] = part.reasoning;
  }
  json["done"] = is_done;
  return json;
}

Json OllamaForm::last_line(const Answer& answer, const AnswerPart& part) const {
  Json json = line(part, true);
  const double total = answer.since_asked.seconds();
  json["done_reason"] = finish_reason_name(*answer.choices[0].finish);
  json["total_duration"] = nanoseconds(total);
  json["load_duration"] = 0;
  json["prompt_eval_count"] = answer.prompt_tokens();
  json["prompt_eval_duration"] = nanoseconds(answer.prompt_seconds);
  json["eval_count"] = answer.response_tokens();
  json["eval_duration"] = nanoseconds(total - answer.prompt_seconds);
  return json;
}

std::string OllamaForm::whole(const Answer& answer) const {
  const AnswerChoice& choice = answer.choices[0];
  return text_of(last_line(answer, {choice.reasoning, choice.content, choice.tool_calls}));
}

std::string OllamaForm::go_on(const Answer& /*answer*/, const ChoiceNews& news) const {
  return text_of(line(news.part, false)) + "\n";
}

std::string OllamaForm::end(const Answer& answer) const { return text_of(last_line(answer, {})) + "\n"; }

std::string OllamaForm::break_off(int status, const std::string& message) const {
  return refusal(status, message) + "\n";
}

std::string OllamaForm::refusal(int /*status*/, const std::string& message) const {
  return text_of({{"error", message}});
}

std::string OllamaForm::loaded() const {
  Json json = line({}, true);
  json["done_reason"] = "load";
  return text_of(json) + "\n";
}

}  // namespace deepscaler
