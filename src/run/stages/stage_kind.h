// Kinds of stages. The rest of the program knows a kind only by what is here; its name stands nowhere else.
//
// To add a kind: a file with its settings (StageSettings) and its stage (Stage), and a line in kinds.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "run/stages/stage.h"

namespace deepscaler {

class ConfigSection;
struct ModelConfig;
struct OptimizerConfig;
struct StageConfig;

// The length of a prompt in plans, which are made before data are read. Few prompts are longer.
inline constexpr int64_t kUsualPromptTokens = 256;

// A model that only this stage has beside the policy, and never changes.
struct FixedModelNeeds {
  std::string name;           // "teacher"
  std::string source;         // a path, or "stage NAME"
  bool shows_logits = false;  // in memory beside the policy's, while the policy is trained
};

// A scorer that this stage trains beside the policy (engine/scorer.h).
struct TrainedModelNeeds {
  std::string name;                 // "critic"
  std::string source;               // "start" for the policy's layers, "stage NAME", or a path
  std::string optimizer = "adamw";  // a name of optimizer_kinds()
};

// What determines the memory of a stage and the time of its steps, as far as the recipe says.
struct StageNeeds {
  int64_t longest_sequence = 0;  // in training, in tokens
  // Sampling: problems at a time, responses to each, and their lengths in tokens.
  int64_t problems = 0, samples = 0, prompt_tokens = 0, response_tokens = 0;
  std::vector<std::string> models;  // names of the models beside the policy that the stage makes
  std::vector<FixedModelNeeds> fixed_models;
  std::vector<TrainedModelNeeds> trained_models;
  int64_t examples = 0;          // of a step that trains on data as they are
  int64_t updates = 1;           // of the weights in a step
  int64_t epochs = 1;            // over the samples of a step
  std::optional<double> passes;  // over the data, where the stage states no number of steps
};

// The settings of a stage of one kind: the keys of [[stage]] that only this kind has.
class StageSettings {
 public:
  virtual ~StageSettings() = default;
  [[nodiscard]] virtual std::unique_ptr<StageSettings> clone() const = 0;

  virtual void bind(ConfigSection& section) = 0;
  // Throws Error naming `where` ("recipe.toml: stage.1") for settings that are each valid but contradict each
  // other.
  virtual void validate(const StageConfig& /*stage*/, const std::string& /*where*/) const {}
  // The keys that are paths of files; find_files() replaces them by paths that can be opened.
  [[nodiscard]] virtual std::vector<std::string*> files() { return {}; }
  // The keys, with their values, that may name an earlier stage whose weights are needed ("stage NAME").
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> earlier_stages() const { return {}; }
  // Whether its steps may leave data for later stages (StageStep::output).
  [[nodiscard]] virtual bool writes_data() const { return false; }
  // The settings of the optimizer of a model that the stage trains beside the policy.
  [[nodiscard]] virtual const OptimizerConfig& optimizer_of(std::string_view model,
                                                            const StageConfig& stage) const;
  // The number of steps, where a key states it. Nothing for epochs, whose number of steps depends on the
  // data.
  [[nodiscard]] virtual std::optional<int64_t> steps() const = 0;
  // Whether its steps sample responses, so that there is a share of those cut at the limit.
  [[nodiscard]] virtual bool samples_responses() const { return false; }
  // About how many tokens a step trains on, for estimates of time; sampling a token counts as
  // training on two. 0: unknown.
  [[nodiscard]] virtual double tokens_of_step() const { return 0; }
  [[nodiscard]] virtual StageNeeds needs(const ModelConfig& model) const = 0;

  // The stage of these settings; `stage`, which they are part of, must outlive it. Throws Error for data that
  // can't be used.
  [[nodiscard]] virtual std::unique_ptr<Stage> make(const StageConfig& stage,
                                                    const StageContext& context) const = 0;
};

struct StageKind {
  std::string_view name;         // of `kind` in a recipe
  std::string_view description;  // one sentence for the manual
  std::unique_ptr<StageSettings> (*make_settings)();
};

// The kinds of kinds.cc, then those that programs which link the library have added. Not thread-safe while
// kinds are added.
[[nodiscard]] std::span<const StageKind> stage_kinds();
void add_stage_kind(const StageKind& kind);

// The kinds of kinds.cc.
[[nodiscard]] std::vector<StageKind> built_in_stage_kinds();

template <class Settings>
std::unique_ptr<StageSettings> make_stage_settings() {
  return std::make_unique<Settings>();
}

// The settings of every kind, side by side. A stage uses those of its own kind. A value: copied whole.
class SettingsOfKinds {
 public:
  SettingsOfKinds();
  SettingsOfKinds(const SettingsOfKinds& other);
  SettingsOfKinds& operator=(const SettingsOfKinds& other);
  SettingsOfKinds(SettingsOfKinds&&) = default;
  SettingsOfKinds& operator=(SettingsOfKinds&&) = default;
  ~SettingsOfKinds() = default;

  [[nodiscard]] StageSettings& operator[](std::string_view kind);  // CHECKs that there is such a kind
  [[nodiscard]] const StageSettings& operator[](std::string_view kind) const;

 private:
  struct Entry {
    std::string_view kind;
    std::unique_ptr<StageSettings> settings;
  };
  std::vector<Entry> entries_;
};

}  // namespace deepscaler
