// A model that a stage looks at and never changes, as a teacher: from a path, or with the weights that an
// earlier stage ended with. It is in memory from its first use to the end of the stage, and in no checkpoint.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "run/stages/stage.h"

namespace deepscaler {

// One thread uses it.
class FixedModel {
 public:
  // `source` is the value of the recipe's key `key` ("stage.1.teacher.model"): a path or "stage NAME". Throws
  // Error where there is no model, or where a token of its vocabulary is another text than the policy's token
  // of that number.
  FixedModel(std::string source, std::string key, const StageContext& context);

  [[nodiscard]] Engine& engine();

  // What tells it from other models, for the hash of a stage's data.
  [[nodiscard]] std::string identity() const;

 private:
  void require_same_tokens() const;

  std::filesystem::path path_;
  std::string key_;
  const StageContext& context_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace deepscaler
