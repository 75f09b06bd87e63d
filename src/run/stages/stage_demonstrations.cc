#include "run/stages/stage_demonstrations.h"

#include <fmt/ranges.h>

#include <filesystem>

#include "base/error.h"
#include "base/log.h"

namespace deepscaler {

std::vector<Demonstration> load_demonstrations(const DataConfig& data, const StageContext& context,
                                               LossOn loss_on) {
  std::vector<std::filesystem::path> files(data.files.begin(), data.files.end());
  if (const auto stage = stage_named_in(data.from)) files.push_back(context.output_of(*stage));
  std::vector<Demonstration> examples = read_demonstrations(files, context.encoder, loss_on);
  if (data.kinds.empty()) return examples;
  DataConfig generated = data;
  generated.files.clear();
  for (const Problem& problem :
       load_problems(generated, context.section + ".data", UnreadableAnswers::kRefuse)) {
    examples.push_back(demonstrate(problem, problem.id, context.encoder, loss_on));
  }
  return examples;
}

void apply(const LengthLimit& limit, std::string_view what, std::vector<Demonstration>& demonstrations) {
  if (limit.max_tokens > limit.context) {
    throw Error("max_tokens",
                fmt::format("{} is more than the model's context of {}", limit.max_tokens, limit.context),
                "lower it");
  }
  const int64_t max_tokens = limit.max_tokens == 0 ? limit.context : limit.max_tokens;
  const auto before = demonstrations.size();
  const LengthCounts counts = limit_lengths(demonstrations, max_tokens, limit.too_long);
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
