// What steps that ask a language model have in common: the replies about chosen records, and what happens to
// a record whose replies are not all there or say nothing. Such a record is dropped, never kept by accident.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "corpus/asking/chat_model.h"
#include "corpus/steps/step.h"

namespace deepscaler {

// The replies about each record that `is_asked` chooses, by its place. Throws as ask() does.
[[nodiscard]] std::map<size_t, Replies> ask_about(
    const ChatModelConfig& config, const CorpusRecords& records, const StepContext& context,
    const std::function<bool(const CorpusRecord&)>& is_asked,
    const std::function<nlohmann::ordered_json(const CorpusRecord&)>& question);

// `versions`, and where the model is in memory the kernels, to which its replies belong.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> model_versions(
    const ChatModelConfig& config, std::vector<std::pair<std::string, std::string>> versions);

// Dropped as kModelFailed (step.h) where a reply is missing, and as "prompt-too-long" where none can come;
// nothing where all are there.
[[nodiscard]] std::optional<Judgement> missing_replies(const Replies& replies);
// Dropped as "model-unclear": the replies are there, and none says what it was asked.
[[nodiscard]] Judgement model_unclear(const Replies& replies);

}  // namespace deepscaler
