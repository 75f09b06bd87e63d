// The named models of a run: the policy, and what stages keep beside it.
//
//   policy      what the run trains and its checkpoints are of
//   reference   an earlier state of the policy, for a divergence
//   reward      a reward model in training     (engine/scorer.h)
//   critic      a critic in training           (likewise)
//
// A name is any word; one more model is one more entry. A stage finds the models of earlier stages by name.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/engine.h"
#include "engine/scorer.h"
#include "text/tokenizer/tokenizer.h"

namespace deepscaler {

inline constexpr std::string_view kPolicy = "policy";
inline constexpr std::string_view kReference = "reference";
inline constexpr std::string_view kReward = "reward";
inline constexpr std::string_view kCritic = "critic";

// A model from a checkpoint of the run that `policy` is trained in; it computes as the policy does. An
// adapter stands on the policy's base, so it takes its own memory alone. Throws Error as Model::load() does.
[[nodiscard]] Model load_beside(const Model& policy, const std::filesystem::path& folder);

// One thread uses it at a time. A reference to an engine is valid until it is removed or
// replaced.
class Models {
 public:
  explicit Models(std::unique_ptr<Engine> policy);

  [[nodiscard]] Engine& policy() { return *engines_.at(std::string(kPolicy)); }
  [[nodiscard]] const Engine& policy() const { return *engines_.at(std::string(kPolicy)); }
  [[nodiscard]] Engine* find(std::string_view name);  // or null
  // Adds a model, or replaces the model of that name.
  Engine& put(std::string_view name, std::unique_ptr<Engine> engine);
  // Adds a copy of the present policy without optimizer, or replaces the model of that name by it. Of an
  // adapted policy only the adapter is copied: both stand on one base.
  Engine& put_copy_of_policy(std::string_view name);
  // No effect where there is none. Not the policy (CHECK).
  void remove(std::string_view name);
  // Notes the scale of a scorer's numbers, which is saved with the model.
  void set_score_scale(std::string_view name, const ScoreScale& scale);

  // Gives back the workspaces of all models.
  void release_workspaces();

  // Writes the models beside the policy into a checkpoint's folder: models/NAME/ is a Hugging Face folder or
  // that of an adapter, with an optimizer.safetensors where the model is trained, and with the tokenizer
  // where the model is a scorer, which others load by itself. hashes() are the hashes of their weights by
  // name.
  void save_others(const std::filesystem::path& checkpoint, const Tokenizer& tokenizer) const;
  [[nodiscard]] std::map<std::string, std::string> hashes() const;
  // `optimizer_of` gives the settings of the optimizer of a name. Throws Error for a model that is missing or
  // whose weights are not those that were saved.
  void load_others(const std::filesystem::path& checkpoint, const std::map<std::string, std::string>& hashes,
                   const std::function<const OptimizerConfig&(std::string_view name)>& optimizer_of);

 private:
  std::map<std::string, std::unique_ptr<Engine>, std::less<>> engines_;
  std::map<std::string, ScoreScale, std::less<>> scales_;
};

}  // namespace deepscaler
