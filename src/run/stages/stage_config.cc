#include "run/stages/stage_config.h"

#include "base/config.h"

namespace deepscaler {

void bind(ConfigSection& s, StageEvalConfig& c) {
  s.field("at_end", c.at_end, "evaluate when the stage has ended");
  s.field("every", c.every, "in place of eval.every").at_least(0);
  s.field("samples", c.samples, "in place of eval.samples").at_least(1);
}

void bind(ConfigSection& s, StageConfig& c) {
  s.field("name", c.name, "name of the stage in tables and logs");
  s.section("eval", c.eval, "how the stage's evaluations depart from [eval]");
  s.section("data", c.data, "problems, or for sft demonstrations, to train on");
  s.section("optimizer", c.optimizer, "AdamW and its learning rate");
  s.section("until", c.until, "rules that end the stage before its last step");
  s.select("kind", c.kind, "what the stage does",
           {{"sft", "supervised fine-tuning on demonstrations",
             [&c](ConfigSection& inner) { bind(inner, c.sft); }},
            {"grpo", "reinforcement learning with verifiable rewards",
             [&c](ConfigSection& inner) { bind(inner, c.grpo); }}});
}

}  // namespace deepscaler
