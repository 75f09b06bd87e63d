// What every OpenAI answer begins with, and how it writes tokens.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "serve/answer/answer.h"
#include "serve/api/served_model.h"
#include "serve/http/json_body.h"

namespace deepscaler {

struct OpenAiHead {
  std::string id;  // "chatcmpl-..."
  int64_t created = 0;
  std::string model, fingerprint;
  uint64_t seed = 0;

  [[nodiscard]] Json json(const char* object) const;
};

[[nodiscard]] OpenAiHead make_head(const ServedModel& served, const char* prefix, uint64_t seed);

[[nodiscard]] Json usage_json(const Answer& answer);

// An event of a stream.
[[nodiscard]] std::string event_of(const Json& json);
inline constexpr const char* kLastEvent = "data: [DONE]\n\n";

// A token as a whole character where it is one, else as the replacement character.
[[nodiscard]] std::string token_text(const Tokenizer& tokenizer, TokenId token);

// {"error": {...}} by error_response() of serve/http/access.h, in a stream or alone.
class OpenAiForm : public AnswerForm {
 public:
  [[nodiscard]] std::string break_off(int status, const std::string& message) const override;
  [[nodiscard]] std::string refusal(int status, const std::string& message) const override;
};

}  // namespace deepscaler
