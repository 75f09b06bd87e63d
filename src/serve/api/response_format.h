// What form an answer must have, from the fields of a request. All functions give null where any text will
// do, and throw RequestError, or Error, with the place of what is not supported.
#pragma once

#include <memory>

#include "infer/token_constraint.h"
#include "serve/answer/answer_text.h"
#include "serve/api/served_model.h"

namespace deepscaler {

// OpenAI's "response_format": {"type": "text"}, "json_object", or "json_schema" with {"schema": ...}.
[[nodiscard]] std::shared_ptr<const TokenConstraint> read_response_format(const ServedModel& served,
                                                                          const Json& request,
                                                                          const AnswerReading& reading);

// Ollama's "format": "json" or a schema.
[[nodiscard]] std::shared_ptr<const TokenConstraint> read_ollama_format(const ServedModel& served,
                                                                        const Json& request,
                                                                        const AnswerReading& reading);

}  // namespace deepscaler
