// What clients ask of a model without computing with it: its description, its tokens, its chat template.
#pragma once

#include "serve/api/served_model.h"

namespace deepscaler {

// An entry of GET /v1/models.
[[nodiscard]] Json model_json(const ServedModel& served);

// POST /tokenize: {"content", "add_special": false, "with_pieces": false} gives {"tokens"}. Control tokens in
// the content are text.
[[nodiscard]] Json tokenize_json(const ServedModel& served, const Json& request);

// POST /detokenize: {"tokens"} gives {"content"}.
[[nodiscard]] Json detokenize_json(const ServedModel& served, const Json& request);

// POST /apply-template: {"messages", ...} gives {"prompt"}, what the model reads.
[[nodiscard]] Json apply_template_json(const ServedModel& served, const Json& request);

}  // namespace deepscaler
