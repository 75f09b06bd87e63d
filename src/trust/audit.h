// Is a run what its folder says? `deepscaler audit` computes chosen steps anew, from the checkpoint before
// each or from the start, and compares every record. Runs are exact, so a record that differs by one bit was
// changed, or was made by another program than its manifest says.
//
// What one audit proves: given the checkpoint before it, a step's samples, rewards, metrics and weights are
// what the recipe makes of its data. A false checkpoint is found by the weights' hash of its step, and, if
// that was changed with it, by a step computed from an earlier checkpoint: all steps from the start leave
// nothing open.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "trust/step_difference.h"

namespace deepscaler {

struct AuditSettings {
  int64_t steps = 5;              // to choose; more than the run has: all
  uint64_t seed = 0;              // of the choice
  std::optional<double> minutes;  // choose steps that together take no longer, by the run's own times
};

// Steps (from, to] computed in one go from the checkpoint of step `from`; 0: from the start.
struct AuditedStretch {
  int64_t from = 0, to = 0;
  bool computed = false;  // not where the checkpoint's weights are false
};

struct Audit {
  std::vector<int64_t> chosen;  // ascending
  std::vector<AuditedStretch> stretches;
  int64_t recomputed = 0;                     // steps
  int64_t checkpoints = 0;                    // whose weights were hashed
  std::vector<RecordDifference> differences;  // left: as recorded; right: as computed

  [[nodiscard]] bool passed() const { return differences.empty(); }
};

// The stretches in which the chosen steps are reached. Throws Error for a run without steps, and where none
// can be reached in the time.
[[nodiscard]] Audit plan_audit(const RecordedRun& run, const AuditSettings& settings);

// Chooses, recomputes and compares; nothing in the run's folder is changed. Throws Error for a folder that is
// no run's, where this program or machine computes other bits than the run's, and where a step can't be
// computed.
[[nodiscard]] Audit audit_run(const std::filesystem::path& folder, const AuditSettings& settings);

// Lines to read; at most `most` of the differences.
[[nodiscard]] std::string audit_text(const Audit& audit, size_t most = 20);

}  // namespace deepscaler
