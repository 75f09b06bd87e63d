#include "run/stages/stage_kind.h"

#include <algorithm>

#include "base/error.h"
#include "run/stages/stage_config.h"

namespace deepscaler {
namespace {

std::vector<StageKind>& all_kinds() {
  static std::vector<StageKind> kinds = built_in_stage_kinds();
  return kinds;
}

}  // namespace

std::span<const StageKind> stage_kinds() { return all_kinds(); }

void add_stage_kind(const StageKind& kind) { all_kinds().push_back(kind); }

const OptimizerConfig& StageSettings::optimizer_of(std::string_view, const StageConfig& stage) const {
  return stage.optimizer;
}

SettingsOfKinds::SettingsOfKinds() {
  for (const StageKind& kind : stage_kinds()) entries_.push_back({kind.name, kind.make_settings()});
}

SettingsOfKinds::SettingsOfKinds(const SettingsOfKinds& other) { *this = other; }

SettingsOfKinds& SettingsOfKinds::operator=(const SettingsOfKinds& other) {
  if (this == &other) return *this;
  entries_.clear();
  for (const Entry& entry : other.entries_) entries_.push_back({entry.kind, entry.settings->clone()});
  return *this;
}

StageSettings& SettingsOfKinds::operator[](std::string_view kind) {
  const auto found = std::ranges::find(entries_, kind, &Entry::kind);
  DEEPSCALER_CHECK(found != entries_.end(), "no such kind of stage");
  return *found->settings;
}

const StageSettings& SettingsOfKinds::operator[](std::string_view kind) const {
  return const_cast<SettingsOfKinds&>(*this)[kind];
}

}  // namespace deepscaler
