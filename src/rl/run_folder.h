// A run's folder: where everything of a run is.
//
//   runs/NAME/  config.toml  manifest.json  metrics.jsonl  events.out.tfevents.*
//               rollouts/step-000001.jsonl  checkpoints/NN-STAGE/  eval/NN-STAGE.json
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace deepscaler {

class RunFolder {
 public:
  // Makes the folder and its parts. Throws Error where it is there already and not empty.
  explicit RunFolder(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path config() const { return path_ / "config.toml"; }
  [[nodiscard]] std::filesystem::path manifest() const { return path_ / "manifest.json"; }
  [[nodiscard]] std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }
  [[nodiscard]] std::filesystem::path evaluation(const std::string& name) const {
    return path_ / "eval" / (name + ".json");
  }
  [[nodiscard]] std::filesystem::path rollouts(int64_t step) const;

 private:
  std::filesystem::path path_;
};

// "02-rl-48-tokens": a stage's number and name as a file name that needs no quotes.
[[nodiscard]] std::string numbered_name(int64_t number, const std::string& name);

}  // namespace deepscaler
