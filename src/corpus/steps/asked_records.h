// What steps that ask a language model have in common: the replies about chosen records, and what happens to
// a record whose replies are not all there or say nothing. Such a record is dropped, never kept by accident.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>

#include "corpus/asking/chat_model.h"
#include "corpus/steps/step.h"

namespace deepscaler {

// The replies about each record that `is_asked` chooses, by its place. Throws as ask() does.
[[nodiscard]] std::map<size_t, Replies> ask_about(
    const ChatModelConfig& config, const CorpusRecords& records, const StepContext& context,
    const std::function<bool(const CorpusRecord&)>& is_asked,
    const std::function<nlohmann::ordered_json(const CorpusRecord&)>& question);

// Dropped as kModelFailed (step.h): a reply is missing.
[[nodiscard]] Judgement model_failed(const Replies& replies);
// Dropped as "model-unclear": the replies are there, and none says what it was asked.
[[nodiscard]] Judgement model_unclear(const Replies& replies);

}  // namespace deepscaler
