#include "corpus/pipeline.h"

#include <algorithm>

#include "base/config.h"
#include "base/error.h"

namespace deepscaler {

StepsOfKinds::StepsOfKinds() {
  for (const StepKind& kind : step_kinds()) steps_.push_back(kind.make());
}

StepsOfKinds::StepsOfKinds(const StepsOfKinds& other) { *this = other; }

StepsOfKinds& StepsOfKinds::operator=(const StepsOfKinds& other) {
  if (this == &other) return *this;
  steps_.clear();
  for (const auto& step : other.steps_) steps_.push_back(step->clone());
  return *this;
}

PipelineStep& StepsOfKinds::operator[](std::string_view kind) const {
  const auto kinds = step_kinds();
  const auto found = std::ranges::find(kinds, kind, &StepKind::name);
  DEEPSCALER_CHECK(found != kinds.end(), "no such kind of step");
  return *steps_[static_cast<size_t>(found - kinds.begin())];
}

void bind(ConfigSection& s, StepConfig& c) {
  s.field("sources", c.sources,
          "sources of the records that the step works on; the others pass by (empty: all)");
  std::vector<ConfigKind> kinds;
  for (const StepKind& kind : step_kinds()) {
    kinds.push_back({kind.name, kind.description,
                     [&step = c.steps_of_kinds[kind.name]](ConfigSection& inner) { step.bind(inner); }});
  }
  s.select("kind", c.kind, "what the step does", kinds);
}

void bind(ConfigSection& s, PipelineConfig& c) {
  s.field("name", c.name, "name of the data set, in its card");
  s.field("description", c.description, "what the data set is, in its card");
  s.field("root", c.root, "folder in which relative paths start");
  s.field("seed", c.seed, "of random choices").at_least(0);
  s.sections("step", c.steps, "the steps, in order");
}

void validate(const PipelineConfig& config, const std::string& where) {
  if (config.steps.empty()) throw Error(where, "has no steps", "begin with [[step]] and kind = \"ingest\"");
  if (!adds_records(config.steps[0].kind)) {
    throw Error(fmt::format("{}: step.0.kind", where), "the first step has no records to work on",
                "begin with kind = \"ingest\"");
  }
  for (size_t i = 0; i < config.steps.size(); ++i) {
    config.steps[i].step().validate(fmt::format("{}: step.{}", where, i));
  }
}

}  // namespace deepscaler
