#include "run/stages/stage_config.h"

#include <vector>

#include "base/config.h"
#include "base/error.h"

namespace deepscaler {

void bind(ConfigSection& s, StageEvalConfig& c) {
  s.field("at_end", c.at_end, "evaluate when the stage has ended");
  s.field("every", c.every, "in place of eval.every").at_least(0);
  s.field("samples", c.samples, "in place of eval.samples").range(1, 1 << 20);
}

void bind(ConfigSection& s, StageConfig& c) {
  s.field("name", c.name, "name of the stage in tables and logs");
  s.field(
      "start", c.start,
      "weights to start from: \"previous\" (those that the stage before ended with), \"recipe\" (those of "
      "[model]), or \"stage NAME\" (those that an earlier stage ended with)");
  s.section("eval", c.eval, "how the stage's evaluations depart from [eval]");
  s.section("data", c.data, "problems, or for sft demonstrations, to train on");
  s.section("optimizer", c.optimizer, "how gradients become updates");
  s.section("until", c.until, "rules that end the stage before its last step");
  std::vector<ConfigKind> kinds;
  for (const StageKind& kind : stage_kinds()) {
    kinds.push_back(
        {kind.name, kind.description,
         [&settings = c.settings_of_kinds[kind.name]](ConfigSection& inner) { settings.bind(inner); }});
  }
  s.select("kind", c.kind, "what the stage does", kinds);
}

void require_no_choice_of_problems(const StageConfig& stage, const std::string& where) {
  if (!stage.data.chooses()) return;
  throw Error(
      where,
      fmt::format("sets data.pass_rate or data.min_prompt_tokens, which choose problems; a stage of kind "
                  "{} trains on examples",
                  stage.kind),
      "leave them out");
}

std::optional<std::string> stage_named_in(std::string_view text) {
  constexpr std::string_view kPrefix = "stage ";
  if (!text.starts_with(kPrefix) || text.size() == kPrefix.size()) return std::nullopt;
  return std::string(text.substr(kPrefix.size()));
}

}  // namespace deepscaler
