// What Ollama's clients are told of the model: GET /api/tags and POST /api/show.
#pragma once

#include "serve/api/served_model.h"

namespace deepscaler {

[[nodiscard]] Json ollama_tags_json(const ServedModel& served);
[[nodiscard]] Json ollama_show_json(const ServedModel& served, const Json& request);

}  // namespace deepscaler
