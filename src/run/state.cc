#include "run/state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace deepscaler {

using nlohmann::ordered_json;

void RunState::offer_best(const std::string& metric, double value) {
  const bool is_loss = metric == "eval/loss";
  const bool comparable = best && best->metric == metric && (!is_loss || best->stage == stage);
  const bool better = !comparable || (is_loss ? value < best->value : value > best->value);
  if (better) best = BestEvaluation{metric, value, stage, step};
}

const StageOutput* RunState::output_of(int64_t number) const {
  const auto found = std::ranges::find(outputs, number, &StageOutput::stage);
  return found == outputs.end() ? nullptr : &*found;
}

ordered_json state_json(const RunState& s) {
  ordered_json evaluations = ordered_json::array();
  for (const auto& e : s.evaluations) evaluations.push_back({{"file", e.file}, {"title", e.title}});
  ordered_json outputs = ordered_json::array();
  for (const auto& o : s.outputs) {
    outputs.push_back({{"stage", o.stage}, {"bytes", o.bytes}, {"sha256", o.sha256}});
  }
  ordered_json best;
  if (s.best) {
    best = {{"metric", s.best->metric},
            {"value", s.best->value},
            {"stage", s.best->stage},
            {"step", s.best->step}};
  }
  return {{"stage", s.stage},
          {"stage_step", s.stage_step},
          {"step", s.step},
          {"trained_tokens", s.trained_tokens},
          {"evaluated", s.evaluated},
          {"pass_at_1", s.history.pass_at_1},
          {"clipped_ratio", s.history.clipped_ratio},
          {"carried", s.carried},
          {"stage_ends", s.stage_ends},
          {"evaluations", evaluations},
          {"best", best},
          {"outputs", outputs},
          {"models", s.models},
          {"metrics_bytes", s.log.metrics_bytes},
          {"events_bytes", s.log.events_bytes}};
}

RunState parse_state(const ordered_json& json, const std::string& where) {
  if (!json.contains("models") || !json.contains("carried")) {
    throw Error(where, "is of an earlier version of the program",
                "go on with that version, or begin a new run from its weights");
  }
  RunState s;
  try {
    json.at("stage").get_to(s.stage);
    json.at("stage_step").get_to(s.stage_step);
    json.at("step").get_to(s.step);
    json.at("trained_tokens").get_to(s.trained_tokens);
    json.at("evaluated").get_to(s.evaluated);
    json.at("pass_at_1").get_to(s.history.pass_at_1);
    json.at("clipped_ratio").get_to(s.history.clipped_ratio);
    json.at("carried").get_to(s.carried);
    json.at("stage_ends").get_to(s.stage_ends);
    for (const auto& e : json.at("evaluations")) s.evaluations.push_back({e.at("file"), e.at("title")});
    if (const auto& best = json.at("best"); !best.is_null()) {
      s.best = BestEvaluation{best.at("metric"), best.at("value"), best.at("stage"), best.at("step")};
    }
    for (const auto& o : json.at("outputs"))
      s.outputs.push_back({o.at("stage"), o.at("bytes"), o.at("sha256")});
    json.at("models").get_to(s.models);
    json.at("metrics_bytes").get_to(s.log.metrics_bytes);
    json.at("events_bytes").get_to(s.log.events_bytes);
  } catch (const nlohmann::json::exception& error) {
    throw Error(where, fmt::format("is no state of a run: {}", error.what()),
                "the checkpoint is damaged: remove its folder and go on from an earlier one");
  }
  return s;
}

}  // namespace deepscaler
