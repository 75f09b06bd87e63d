#include "serve/post_routes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "serve/ollama/ollama_models.h"
#include "serve/ollama/ollama_orders.h"
#include "serve/openai/chat.h"
#include "serve/openai/completions.h"
#include "serve/openai/score.h"
#include "serve/openai/text_tools.h"

namespace deepscaler {
namespace {

constexpr PostRoute kPostRoutes[] = {
    {.path = "/v1/chat/completions", .order = order_chat},
    {.path = "/v1/completions", .order = order_completion},
    {.path = "/v1/score", .order = order_score},
    {.path = "/tokenize", .tool = tokenize_json},
    {.path = "/detokenize", .tool = detokenize_json},
    {.path = "/apply-template", .tool = apply_template_json},
    {.path = "/api/chat", .order = order_ollama_chat},
    {.path = "/api/generate", .order = order_ollama_generate},
    {.path = "/api/show", .tool = ollama_show_json},
};

}  // namespace

std::span<const PostRoute> post_routes() { return kPostRoutes; }

const PostRoute* find_post_route(std::string_view path) {
  const auto* found = std::ranges::find(kPostRoutes, path, &PostRoute::path);
  return found == std::end(kPostRoutes) ? nullptr : found;
}

}  // namespace deepscaler
