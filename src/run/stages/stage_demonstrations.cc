#include "run/stages/stage_demonstrations.h"

#include <fmt/ranges.h>

#include <filesystem>

#include "base/error.h"
#include "base/log.h"

namespace deepscaler {
namespace {

std::vector<Demonstration> read_files(const std::vector<std::string>& files, LossOn loss_on,
                                      const ExamplesConfig& config, const StageContext& context) {
  const std::vector<std::filesystem::path> paths(files.begin(), files.end());
  DemonstrationSet set = read_demonstrations(paths, context.encoder, loss_on, config.traces);
  if (set.traces.traces > 0) log_info("{}: learns {}", context.section, describe(set.traces));
  return std::move(set.demonstrations);
}

}  // namespace

std::vector<Demonstration> load_demonstrations(const DataConfig& data, LossOn loss_on,
                                               const ExamplesConfig& config, const StageContext& context) {
  std::vector<std::string> files = data.files;
  if (const auto stage = stage_named_in(data.from)) files.push_back(context.output_of(*stage).string());
  std::vector<Demonstration> examples = read_files(files, loss_on, config, context);
  if (!data.kinds.empty()) {
    DataConfig generated = data;
    generated.files.clear();
    for (const Problem& problem :
         load_problems(generated, context.section + ".data", UnreadableAnswers::kRefuse)) {
      examples.push_back(demonstrate(problem, problem.id, context.encoder, loss_on));
    }
  }
  limit_examples(examples, "examples", config, context);
  return examples;
}

std::vector<Demonstration> load_held_out(const std::vector<std::string>& files, LossOn loss_on,
                                         const ExamplesConfig& config, const StageContext& context) {
  std::vector<Demonstration> examples = read_files(files, loss_on, config, context);
  limit_examples(examples, "held-out examples", config, context);
  return examples;
}

void limit_examples(std::vector<Demonstration>& demonstrations, std::string_view what,
                    const ExamplesConfig& config, const StageContext& context) {
  const int64_t longest = context.models.policy().model().config().context;
  if (config.max_tokens > longest) {
    throw Error("max_tokens",
                fmt::format("{} is more than the model's context of {}", config.max_tokens, longest),
                "lower it");
  }
  const int64_t max_tokens = config.max_tokens == 0 ? longest : config.max_tokens;
  const auto before = demonstrations.size();
  const LengthCounts counts = limit_lengths(demonstrations, max_tokens, config.too_long);
  if (counts.longer == 0) return;
  log_warning("{} of {} {} are longer than {} tokens (the longest has {}): {} cut, {} left out",
              counts.longer, before, what, max_tokens, counts.longest, counts.truncated,
              counts.longer - counts.truncated);
}

void add_to_hash(const std::vector<Demonstration>& demonstrations, Sha256& hash) {
  hash.add(fmt::format("{} examples\n", demonstrations.size()));
  for (const Demonstration& example : demonstrations) {
    hash.add(fmt::format("{} {}\n", fmt::join(example.tokens, ","), fmt::join(example.in_loss, "")));
  }
}

}  // namespace deepscaler
