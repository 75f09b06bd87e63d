// The named models of a run: the policy, and what stages keep beside it.
//
//   policy      what the run trains and its checkpoints are of
//   reference   the policy as it once was, for a divergence
//
// A name is any word; a critic, a reward model or a teacher is one more entry. A stage takes over the models
// that earlier stages left, by name.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/engine.h"

namespace deepscaler {

inline constexpr std::string_view kPolicy = "policy";
inline constexpr std::string_view kReference = "reference";

// One thread uses it at a time. References to engines stay valid until they are removed.
class Models {
 public:
  explicit Models(std::unique_ptr<Engine> policy);

  [[nodiscard]] Engine& policy() { return *engines_.at(std::string(kPolicy)); }
  [[nodiscard]] const Engine& policy() const { return *engines_.at(std::string(kPolicy)); }
  [[nodiscard]] Engine* find(std::string_view name);  // null: there is none
  // Adds a model, or puts it in the place of the one of that name.
  Engine& put(std::string_view name, std::unique_ptr<Engine> engine);
  // A copy of the policy as it is now, in the place of the one of that name; without optimizer.
  Engine& put_copy_of_policy(std::string_view name);
  void remove(std::string_view name);  // nothing happens where there is none

  // The models beside the policy, in a checkpoint's folder: models/NAME/ is a Hugging Face folder, with an
  // optimizer.safetensors where the model is trained. hashes() says which they must be when they are loaded.
  void save_others(const std::filesystem::path& checkpoint) const;
  [[nodiscard]] std::map<std::string, std::string> hashes() const;
  // Throws Error for a model that is missing or whose weights are not those that were saved.
  void load_others(const std::filesystem::path& checkpoint, const std::map<std::string, std::string>& hashes,
                   const OptimizerConfig& optimizer);

 private:
  std::map<std::string, std::unique_ptr<Engine>, std::less<>> engines_;
};

}  // namespace deepscaler
