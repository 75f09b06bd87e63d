#include "run/stages/fixed_model.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/sha256.h"
#include "formats/excerpt.h"
#include "model/adapter_file.h"
#include "model/model_file.h"
#include "run/stages/stage_config.h"
#include "track/run_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// The files of a folder that hold weights or say what they are; a file by itself.
std::set<fs::path> model_files(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::set<fs::path> files;
  if (is_adapter(path)) files = model_files(adapter_base(path));
  for (const auto& entry : fs::directory_iterator(path)) {
    const fs::path& file = entry.path();
    if (file.extension() == ".safetensors" && file.stem() != "optimizer") files.insert(file);
    if (file.filename() == "config.json") files.insert(file);
  }
  return files;
}

fs::path of_checkpoint(const fs::path& checkpoint, std::initializer_list<std::string_view> beside) {
  for (const std::string_view name : beside) {
    const fs::path model = CheckpointLayout{checkpoint}.models() / name;
    if (fs::exists(model)) return model;
  }
  return checkpoint;
}

}  // namespace

FixedModel::FixedModel(std::string source, std::string key, const StageContext& context,
                       std::initializer_list<std::string_view> beside)
    : path_(std::move(source)), key_(std::move(key)), context_(context) {
  if (const auto stage = stage_named_in(path_.string())) {
    path_ = of_checkpoint(context.checkpoint_of(*stage), beside);
    is_of_this_run_ = true;
  }
  if (!fs::exists(path_))
    throw Error(key_, fmt::format("there is no model at {}", path_.string()), "correct it");
  require_same_tokens();
}

void FixedModel::require_same_tokens() {
  const Tokenizer theirs = Tokenizer::load(path_);
  const Tokenizer& ours = context_.encoder.tokenizer();
  tokens_ = theirs.size();
  const int64_t common = std::min(tokens_, ours.size());
  for (TokenId id = 0; id < common; ++id) {
    // A vocabulary may be padded with ids that are no token.
    const std::string_view a = theirs.token_bytes(id), b = ours.token_bytes(id);
    if (a == b || a.empty() || b.empty()) continue;
    throw Error(key_,
                fmt::format("its token {} is {}, and the policy's is {}", id, excerpt(std::string(a)),
                            excerpt(std::string(b))),
                "models are compared token by token: name one with the policy's vocabulary");
  }
}

Engine& FixedModel::engine() {
  if (!engine_) engine_ = std::make_unique<Engine>(load(), context_.models.policy().options());
  return *engine_;
}

int64_t FixedModel::common_tokens() {
  const int64_t theirs = std::min(tokens_, engine().model().config().vocabulary);
  return std::min(
      {theirs, context_.encoder.tokenizer().size(), context_.models.policy().model().config().vocabulary});
}

void FixedModel::require_readable(std::span<const TokenGroup> groups) {
  const ModelConfig& config = engine().model().config();
  const int64_t vocabulary =
      std::min(config.vocabulary, context_.models.policy().model().config().vocabulary);
  const auto refuse = [&](const TokenGroup& group, const std::string& why) {
    throw Error(key_, fmt::format("can't be compared on {}, which {}", group.name, why),
                "leave the example out, or name another model");
  };
  for (const TokenGroup& group : groups) {
    const auto require_known = [&](std::span<const int32_t> tokens) {
      const auto unknown = std::ranges::find_if(tokens, [&](int32_t id) { return id >= vocabulary; });
      if (unknown != tokens.end())
        refuse(group, fmt::format("has the token {} of one model alone", *unknown));
    };
    require_known(group.prompt);
    for (const auto& response : group.responses) {
      require_known(response);
      const int64_t length = std::ssize(group.prompt) + std::ssize(response);
      if (length <= config.context) continue;
      refuse(group,
             fmt::format("has {} tokens, more than that model's context of {}", length, config.context));
    }
  }
}

Model FixedModel::load() const {
  const Model& policy = context_.models.policy().model();
  Model model = is_of_this_run_ ? load_beside(policy, path_) : Model::load(path_);
  if (!is_of_this_run_) model.compute_in(policy.compute_type());
  model.end_responses_at(policy.config().eos);
  return model;
}

Model FixedModel::scorer(uint64_t seed, HeadKind head) const {
  if (is_adapter(path_)) {
    throw Error(
        key_, fmt::format("the model at {} is an adapter, and a scorer trains whole layers", path_.string()),
        "merge it into its base with `deepscaler convert`, and name that model");
  }
  Model scorer = make_scorer(load(), seed, head);
  const ModelConfig &policy = context_.models.policy().model().config(), &config = scorer.config();
  const auto require = [&](int64_t ours, int64_t theirs, const char* what) {
    if (theirs >= ours) return;
    throw Error(key_, fmt::format("its {} of {} is less than the policy's, {}", what, theirs, ours),
                "name a model that can read all that the policy writes");
  };
  require(policy.vocabulary, config.vocabulary, "vocabulary");
  require(policy.context, config.context, "context");
  return scorer;
}

void FixedModel::require_scorer(bool with_scale) const {
  if (!read_model_config(path_).scalar_head()) {
    throw Error(key_, fmt::format("the model at {} scores nothing: it is a language model", path_.string()),
                "name a reward model, as a stage of kind reward-model makes");
  }
  if (with_scale && !score_scale()) {
    throw Error(key_,
                fmt::format("{} has no \"mean\" and \"std\" of its scores", (path_ / "config.json").string()),
                "add them, or set normalize = false");
  }
}

std::string FixedModel::identity() const {
  std::string identity;
  for (const fs::path& file : model_files(path_)) {
    identity += fmt::format("{} {}\n", file.filename().string(), sha256_of_file(file));
  }
  return identity;
}

}  // namespace deepscaler
