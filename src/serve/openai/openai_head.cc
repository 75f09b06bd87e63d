#include "serve/openai/openai_head.h"

#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <random>

#include "serve/http/access.h"

namespace deepscaler {

Json OpenAiHead::json(const char* object) const {
  return {{"id", id},
          {"object", object},
          {"created", created},
          {"model", model},
          {"system_fingerprint", fingerprint}};
}

OpenAiHead make_head(const ServedModel& served, const char* prefix, uint64_t seed) {
  std::random_device device;
  return {.id = fmt::format("{}{:08x}{:08x}{:08x}", prefix, device(), device(), device()),
          .created = std::time(nullptr),
          .model = served.name,
          .fingerprint = served.fingerprint,
          .seed = seed};
}

Json usage_json(const Answer& answer) {
  const int64_t prompt = answer.prompt_tokens(), response = answer.response_tokens();
  return {{"prompt_tokens", prompt},
          {"completion_tokens", response},
          {"total_tokens", prompt + response},
          {"prompt_tokens_details", {{"cached_tokens", answer.reused_tokens()}}},
          {"completion_tokens_details", {{"reasoning_tokens", answer.reasoning_tokens()}}}};
}

std::string event_of(const Json& json) { return "data: " + text_of(json) + "\n\n"; }

std::string token_text(const Tokenizer& tokenizer, TokenId token) {
  return tokenizer.decode(std::span(&token, 1));
}

std::string OpenAiForm::break_off(int status, const std::string& message) const {
  return "data: " + refusal(status, message) + "\n\n";
}

std::string OpenAiForm::refusal(int status, const std::string& message) const {
  return error_response(status, message).body;
}

}  // namespace deepscaler
