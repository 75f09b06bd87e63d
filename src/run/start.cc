#include "run/start.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "model/adapter_file.h"
#include "model/device.h"
#include "model/model_file.h"
#include "model/text_ends.h"
#include "run/own_files.h"
#include "run/recipe_changes.h"
#include "text/chat/day.h"
#include "text/tokenizer/byte_tokenizer.h"
#include "train/checkpoint.h"
#include "verify/version.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

void require_same_recipe(const Recipe& recipe, const RunFolder& folder, const RunState& state) {
  const auto before = read_config<Recipe>(folder.layout().config());
  std::vector<std::string> changes;
  for (const ConfigDifference& d : forbidden_changes(before, recipe, state)) {
    changes.push_back(fmt::format("{} = {} (was {})", d.path, d.after.empty() ? "nothing" : d.after,
                                  d.before.empty() ? "nothing" : d.before));
  }
  if (changes.empty()) return;
  throw Error(folder.layout().path.string(),
              fmt::format("the run was begun with another recipe: {}", fmt::join(changes, ", ")),
              "change it back, or choose another --output to begin a new run");
}

void require_trainable(const Model& model, const Tokenizer& tokenizer, const std::string& where) {
  if (tokenizer.size() > model.config().vocabulary) {
    throw Error(
        where,
        fmt::format("the tokenizer has {} tokens, the model {}", tokenizer.size(), model.config().vocabulary),
        "use the tokenizer that belongs to the model");
  }
  if (tokenizer.ends().empty()) {
    throw Error(where, "names no token that ends a response", "add eos_token_id to its config.json");
  }
}

void settle_ends(LoadedModel& loaded, const std::string& where) {
  settle_text_ends(loaded.model.config(), loaded.tokenizer, where);
  loaded.model.end_responses_at(loaded.tokenizer.ends());
}

// The model of a checkpoint. The recipe says where the base of an adapter is now.
Model load_saved_model(const Recipe& recipe, const fs::path& checkpoint) {
  if (recipe.lora.rank == 0) return Model::load(checkpoint);
  Model model = load_first_model(recipe);
  read_adapter(checkpoint, model);
  return model;
}

LoadedModel load_in_f32(const Recipe& recipe, const RunStart& start, const RunFolder& folder) {
  if (!start.checkpoint) {
    LoadedModel loaded = {load_first_model(recipe),
                          recipe.model.path.empty() ? byte_tokenizer() : Tokenizer::load(recipe.model.path)};
    settle_ends(loaded, recipe.start());
    require_trainable(loaded.model, loaded.tokenizer, recipe.start());
    return loaded;
  }
  std::optional<LoadedModel> loaded;
  read_checkpoint(*start.checkpoint, folder, [&] {
    loaded.emplace(
        LoadedModel{load_saved_model(recipe, *start.checkpoint), Tokenizer::load(*start.checkpoint)});
    settle_ends(*loaded, start.checkpoint->string());
    if (read_state(*start.checkpoint).value("model", "") != loaded->model.hash()) {
      throw Error(recipe.lora.rank > 0 ? "adapter_model.safetensors" : "model.safetensors",
                  "its weights are not those that were saved", "");
    }
  });
  return std::move(*loaded);
}

}  // namespace

void read_checkpoint(const fs::path& checkpoint, const RunFolder& folder, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    const std::string what = error.what();
    const bool only_one = folder.resumable().size() < 2;
    throw Error(checkpoint.string(),
                fmt::format("the checkpoint is damaged ({})", what.substr(0, what.find(';'))),
                only_one ? "choose another --output to begin a new run: there is no earlier checkpoint"
                         : "remove its folder: the same command then goes on from an earlier one");
  }
}

RunStart start_of(const Recipe& recipe, const RunFolder& folder) {
  const std::vector<int64_t> steps = folder.resumable();
  RunStart start;
  if (steps.empty()) {
    // What it has recorded since would be lost.
    if (folder.had_checkpoint()) {
      throw Error(folder.layout().path.string(),
                  "all checkpoints of the run are gone, so it can't be gone on with",
                  "put one back, or choose another --output to begin a new run");
    }
    if (fs::exists(folder.layout().config())) {
      require_same_recipe(recipe, folder, {});
      log_info("{}: no checkpoint yet, begins anew", folder.layout().path.string());
    }
    start.model = recipe.start();
    require_no_run(start.model);
    start.config = read_model_config(start.model);
  } else {
    start.model = folder.layout().checkpoint(steps.back());
    start.checkpoint = start.model;
    read_checkpoint(start.model, folder, [&] {
      start.state = parse_state(read_state(start.model), start.model.string());
      start.config = read_model_config(recipe.lora.rank > 0 ? fs::path(recipe.start()) : start.model);
    });
    require_same_recipe(recipe, folder, start.state);
  }
  start.date = recipe.prompt.date;
  // The day on which the run began, whenever it goes on.
  if (start.date.empty()) {
    start.date = start.checkpoint ? read_manifest(folder.layout().manifest()).date : day_text(today());
  }
  return start;
}

LoadedModel load_model(const Recipe& recipe, const RunStart& start, const RunFolder& folder) {
  LoadedModel loaded = load_in_f32(recipe, start, folder);
  loaded.model.compute_in(compute_type_from_name(recipe.model.dtype));
  return loaded;
}

Model load_first_model(const Recipe& recipe) {
  const auto seed = static_cast<uint64_t>(recipe.seed);
  if (recipe.lora.rank > 0) {
    return Model::adapt(Model::load(recipe.model.path, QuantizedAs::kBlocks), recipe.lora, seed);
  }
  if (!recipe.model.path.empty()) return Model::load(recipe.model.path);
  Model model(read_hf_config(fs::path(recipe.model.random)));
  randomize(model, seed, 0.02f);
  return model;
}

Manifest manifest_of(const Recipe& recipe, const Model& model) {
  return {.program = DEEPSCALER_VERSION,
          .binary = sha256_of_file("/proc/self/exe"),
          .verifier = verifier_version(),
          .device = default_device().name(),
          .dtype = std::string(compute_type_name(model.compute_type())),
          .backward_dtype = std::string(compute_type_name(backward_compute_type(model.compute_type()))),
          .token_budget = recipe.token_budget,
          .seed = recipe.seed,
          .model = model.hash(),
          .parameters = model.table().count()};
}

Manifest manifest_to_go_on_with(Manifest before, const Manifest& now, const std::string& where, int64_t step,
                                bool allow_inexact) {
  for (const auto& [section, hash] : now.data) {
    const auto was = before.data.find(section);
    if (was == before.data.end() || was->second == hash) continue;
    throw Error(where,
                fmt::format("the problems of {}.data are not those that the run was begun with", section),
                "put the files back as they were, or choose another --output to begin a new run");
  }
  for (const auto& entry : now.data) before.data.insert(entry);
  before.trained_on = now.trained_on;
  const auto changes = inexact_changes(before, now);
  if (!changes.empty() && !allow_inexact) {
    const bool device = before.device != now.device;
    throw Error(where,
                fmt::format("would go on in other bits than it was begun with: {}", fmt::join(changes, ", ")),
                (device ? fmt::format("give --kernels {}, or ", before.device) : std::string()) +
                    "give --allow-inexact to go on all the same");
  }
  for (const std::string& what : changes) before.inexact_resumes.push_back({step, what});
  if (!changes.empty()) {
    before.program = now.program;
    before.binary = now.binary;
    before.verifier = now.verifier;
    before.device = now.device;
    before.dtype = now.dtype;
    before.backward_dtype = now.backward_dtype;
    before.token_budget = now.token_budget;
  }
  if (before.binary != now.binary) {
    log_warning("{}: the program was built anew since the run began; the same sources give the same bits",
                where);
  }
  return before;
}

}  // namespace deepscaler
