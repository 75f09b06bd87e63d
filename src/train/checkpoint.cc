#include "train/checkpoint.h"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "model/adapter_file.h"
#include "track/run_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTemporary = ".tmp";

// What is left of a checkpoint that is kept for its model alone.
bool is_of_the_model(const fs::path& name) {
  static const std::set<fs::path> kNames = {
      "model.safetensors", "config.json",           "adapter_model.safetensors", "adapter_config.json",
      "tokenizer.json",    "tokenizer_config.json", CheckpointLayout().done()};
  return kNames.contains(name);
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
  return paths;
}

// All but the model, its tokenizer and the models beside it.
void remove_training(const fs::path& folder) {
  const fs::path models = CheckpointLayout{folder}.models();
  for (const fs::path& path : entries_of(folder)) {
    if (!is_of_the_model(path.filename()) && path != models) fs::remove_all(path);
  }
}

// Not what is left of a model whose removal was cut off.
bool is_scorer(const fs::path& model) {
  return fs::exists(model / "config.json") && read_hf_config(model).scalar_head();
}

fs::path temporary_name(const fs::path& folder) { return folder.string() + kTemporary; }

// Runs `work` and turns what the file system refuses into an Error about `folder`.
template <class Work>
void on_disk(const fs::path& folder, const char* what, const Work& work) {
  try {
    work();
  } catch (const fs::filesystem_error& error) {
    throw Error(folder.string(), fmt::format("can't {} the checkpoint: {}", what, error.code().message()),
                "check that the folder is writable and has space left");
  }
}

void fill(const fs::path& folder, const CheckpointContents& contents) {
  save_model(contents.model, folder);
  contents.tokenizer.save(folder);
  contents.save_training(folder);
  replace_state(folder, contents.state);
  write_file_atomically(CheckpointLayout{folder}.done(), "");
}

}  // namespace

void save_checkpoint(const fs::path& folder, const CheckpointContents& contents) {
  const fs::path temporary = temporary_name(folder);
  on_disk(folder, "save", [&] {
    fs::remove_all(temporary);
    fs::create_directories(temporary);
    try {
      fill(temporary, contents);
      fs::rename(temporary, folder);
    } catch (...) {
      std::error_code ignored;  // the first fault is the one to tell
      fs::remove_all(temporary, ignored);
      throw;
    }
    sync_folder(folder.parent_path());
  });
}

bool can_resume(const fs::path& folder) {
  const CheckpointLayout checkpoint{folder};
  return fs::exists(checkpoint.done()) && fs::exists(checkpoint.state());
}

nlohmann::ordered_json read_state(const fs::path& folder) {
  const fs::path file = CheckpointLayout{folder}.state();
  auto state = nlohmann::ordered_json::parse(read_file(file), nullptr, /*exceptions=*/false);
  if (state.is_object()) return state;
  throw Error(file.string(), "is not JSON",
              "the checkpoint is damaged: remove its folder and go on from an earlier one");
}

void replace_state(const fs::path& folder, const nlohmann::ordered_json& state) {
  write_file_atomically(CheckpointLayout{folder}.state(), state.dump(1) + "\n");
}

void reduce_to_model(const fs::path& folder) {
  on_disk(folder, "reduce", [&] {
    fs::remove(CheckpointLayout{folder}.state());
    const fs::path models = CheckpointLayout{folder}.models();
    if (fs::exists(models)) {
      for (const fs::path& model : entries_of(models)) {
        if (is_scorer(model)) {
          remove_training(model);
        } else {
          fs::remove_all(model);
        }
      }
      if (fs::is_empty(models)) fs::remove(models);
    }
    remove_training(folder);
  });
}

void remove_checkpoint(const fs::path& folder) {
  on_disk(folder, "remove", [&] {
    fs::rename(folder, temporary_name(folder));
    fs::remove_all(temporary_name(folder));
  });
}

void remove_unfinished(const fs::path& checkpoints) {
  on_disk(checkpoints, "clear", [&] {
    std::vector<fs::path> unfinished;
    for (const auto& entry : fs::directory_iterator(checkpoints)) {
      if (entry.path().extension() == kTemporary) unfinished.push_back(entry.path());
    }
    for (const fs::path& path : unfinished) fs::remove_all(path);
  });
}

}  // namespace deepscaler
