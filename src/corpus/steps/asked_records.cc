#include "corpus/steps/asked_records.h"

#include <nlohmann/json.hpp>

#include "model/device.h"

namespace deepscaler {

using Json = nlohmann::ordered_json;

std::map<size_t, Replies> ask_about(const ChatModelConfig& config, const CorpusRecords& records,
                                    const StepContext& context,
                                    const std::function<bool(const CorpusRecord&)>& is_asked,
                                    const std::function<Json(const CorpusRecord&)>& question) {
  std::vector<size_t> places;
  std::vector<ChatQuestion> questions;
  for (size_t i = 0; i < records.size(); ++i) {
    if (!is_asked(records[i])) continue;
    places.push_back(i);
    questions.push_back(
        {records[i].id, question(records[i]).dump(-1, ' ', false, Json::error_handler_t::replace)});
  }
  std::vector<Replies> replies = ask(config, questions,
                                     {.root = context.root,
                                      .kept = context.kept_replies,
                                      .seed = context.seed,
                                      .progress = context.progress});
  std::map<size_t, Replies> by_place;
  for (size_t q = 0; q < places.size(); ++q) by_place.emplace(places[q], std::move(replies[q]));
  return by_place;
}

std::vector<std::pair<std::string, std::string>> model_versions(
    const ChatModelConfig& config, std::vector<std::pair<std::string, std::string>> versions) {
  if (config.endpoint.empty()) versions.emplace_back("kernels", default_device().name());
  return versions;
}

std::optional<Judgement> missing_replies(const Replies& replies) {
  if (!replies.too_long.empty()) return dropped_for("prompt-too-long", {{"fault", replies.too_long}});
  if (!replies.fault.empty()) return dropped_for(kModelFailed, {{"fault", replies.fault}});
  return std::nullopt;
}

Judgement model_unclear(const Replies& replies) {
  return dropped_for("model-unclear", {{"replies", replies.texts}});
}

}  // namespace deepscaler
