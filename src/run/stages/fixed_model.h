// A model that a stage looks at and never changes, as a teacher: from a path, or with the weights that an
// earlier stage ended with. It is in memory from its first use to the end of the stage, and in no checkpoint.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "run/stages/stage.h"

namespace deepscaler {

// One thread uses it.
class FixedModel {
 public:
  // `source` is the value of the recipe's key `key` ("stage.1.teacher.model"): a path or "stage NAME". Throws
  // Error where there is no model, or where a token of its vocabulary is another text than the policy's token
  // of that number.
  //
  // Of a stage's checkpoint the first of the models `beside` the policy is taken that the stage has made, and
  // the policy where it has made none.
  FixedModel(std::string source, std::string key, const StageContext& context,
             std::initializer_list<std::string_view> beside = {});

  [[nodiscard]] Engine& engine();
  // A scorer with the model's layers (engine/scorer.h), to be trained; engine() knows nothing of it. Throws
  // Error for an adapter, and for a model of fewer tokens or of a shorter context than the policy's.
  [[nodiscard]] Model scorer(uint64_t seed, HeadKind head = HeadKind::kSequenceScore) const;

  // Token numbers below this one are the same token for both models: those of the smaller vocabulary.
  [[nodiscard]] int64_t common_tokens();

  // Throws Error naming the first group with a token that this model or the policy does not have, or with
  // more tokens than this model's context.
  void require_readable(std::span<const TokenGroup> groups);

  // Throws Error where the model has no scalar head, or has one and no scale of its scores though one is
  // wanted.
  void require_scorer(bool with_scale) const;
  [[nodiscard]] std::optional<ScoreScale> score_scale() const { return read_score_scale(path_); }

  // What tells it from other models, for the hash of a stage's data.
  [[nodiscard]] std::string identity() const;

 private:
  void require_same_tokens();
  [[nodiscard]] Model load() const;

  std::filesystem::path path_;
  bool is_of_this_run_ = false;  // so an adapter stands on the policy's base
  std::string key_;
  const StageContext& context_;
  int64_t tokens_ = 0;  // of its tokenizer
  std::unique_ptr<Engine> engine_;
};

}  // namespace deepscaler
