#include "corpus/steps/asked_records.h"

#include <nlohmann/json.hpp>

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

Judgement model_failed(const Replies& replies) {
  return dropped_for(kModelFailed, {{"fault", replies.fault}});
}

Judgement model_unclear(const Replies& replies) {
  return dropped_for("model-unclear", {{"replies", replies.texts}});
}

}  // namespace deepscaler
