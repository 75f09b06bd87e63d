// A run's manifest.json: what its bits depend on beside the recipe. The same recipe, program and
// manifest give the same bits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace deepscaler {

// A resume that was allowed although the bits changed, and where.
struct InexactResume {
  int64_t step = 0;
  std::string what;  // "kernels: avx2, now avx512"
};

// Where the run shares its past with another one (`deepscaler fork`).
struct ForkOrigin {
  std::string run;                   // the folder, as it was named
  int64_t step = 0;                  // the last one that is shared; 0: the start
  std::vector<std::string> changes;  // "seed = 2 (was 1)"
};

struct Manifest {
  std::string program;  // version
  std::string binary;   // SHA-256 of the program's file
  std::string verifier;
  std::string device;  // what computes, by its instruction set (model/device.h)
  std::string dtype;
  std::string backward_dtype;  // bf16 only where the CPU is faster at it
  int64_t token_budget = 0;
  int64_t seed = 0;
  std::string model;                        // hash of the weights at the start
  int64_t parameters = 0;                   // of the model
  std::string date;                         // what the chat template is told; empty: it does not ask
  std::map<std::string, std::string> data;  // SHA-256 of what is trained or evaluated on, by section
  int64_t trained_on = 0;                   // problems of the evaluation that are trained on too
  std::vector<InexactResume> inexact_resumes;
  std::optional<ForkOrigin> forked_from;
};

// The file's text.
[[nodiscard]] std::string manifest_text(const Manifest& manifest);
[[nodiscard]] Manifest read_manifest(const std::filesystem::path& path);  // throws Error

// The entries of `now` that would change the bits of a run that was begun under `before`: "kernels: avx2, now
// avx512". The program's file is not one of them: another build of the same version computes the same bits.
[[nodiscard]] std::vector<std::string> inexact_changes(const Manifest& before, const Manifest& now);

}  // namespace deepscaler
