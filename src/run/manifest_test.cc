#include "run/manifest.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "run/start.h"

namespace deepscaler {
namespace {

Manifest some_manifest() {
  return {.program = "1.0",
          .binary = "b",
          .verifier = "2",
          .device = "avx2",
          .dtype = "bf16",
          .backward_dtype = "f32",
          .token_budget = 2048,
          .seed = 3,
          .model = "m",
          .parameters = 99,
          .data = {{"eval", "e"}, {"stage.0", "s"}}};
}

std::string refusal(const Manifest& now) {
  try {
    (void)manifest_to_go_on_with(some_manifest(), now, "runs/x", 7, /*allow_inexact=*/false);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Manifest, ComesBackFromItsFile) {
  const TemporaryFolder folder;
  Manifest manifest = some_manifest();
  manifest.inexact_resumes = {{4, "device: avx2, now avx512"}};
  manifest.forked_from = {"runs/a", 6, {"seed = 2 (was 1)"}};
  write_file_atomically(folder / "manifest.json", manifest_text(manifest));
  const Manifest back = read_manifest(folder / "manifest.json");
  EXPECT_EQ(manifest_text(back), manifest_text(manifest));
  EXPECT_EQ(back.data.at("stage.0"), "s");
  EXPECT_EQ(back.date, "");
  manifest.date = "2026-01-31";  // of a template that asks for it
  write_file_atomically(folder / "manifest.json", manifest_text(manifest));
  EXPECT_EQ(read_manifest(folder / "manifest.json").date, "2026-01-31");
  EXPECT_EQ(back.inexact_resumes.at(0).step, 4);
  ASSERT_TRUE(back.forked_from);
  EXPECT_EQ(back.forked_from->run, "runs/a");
  EXPECT_EQ(back.forked_from->changes, std::vector<std::string>{"seed = 2 (was 1)"});
  write_file_atomically(folder / "manifest.json", "[]");
  try {
    (void)read_manifest(folder / "manifest.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(),
              (folder / "manifest.json").string() +
                  ": is no manifest of a run; put the run's own back, or start a new run from a checkpoint");
  }
}

TEST(Manifest, OtherBitsAreRefusedUnlessAllowed) {
  EXPECT_EQ(refusal(some_manifest()), "");
  Manifest now = some_manifest();
  now.device = "avx512";
  now.token_budget = 4096;
  EXPECT_EQ(
      refusal(now),
      "runs/x: would go on in other bits than it was begun with: device: avx2, now avx512, "
      "token_budget: 2048, now 4096; give --kernels avx2, or give --allow-inexact to go on all the same");
  const Manifest allowed = manifest_to_go_on_with(some_manifest(), now, "runs/x", 7, /*allow_inexact=*/true);
  EXPECT_EQ(allowed.device, "avx512");
  ASSERT_EQ(allowed.inexact_resumes.size(), 2u);
  EXPECT_EQ(allowed.inexact_resumes[0].step, 7);
  EXPECT_EQ(allowed.inexact_resumes[0].what, "device: avx2, now avx512");
  now = some_manifest();
  now.backward_dtype = "bf16";  // the same run on a CPU of another make
  EXPECT_EQ(refusal(now),
            "runs/x: would go on in other bits than it was begun with: backward_dtype: f32, now bf16; give "
            "--allow-inexact to go on all the same");
  now = some_manifest();
  now.binary = "another build";
  EXPECT_EQ(refusal(now), "");
}

TEST(Manifest, OtherDataAreAlwaysRefused) {
  Manifest now = some_manifest();
  now.data["stage.0"] = "other";
  EXPECT_EQ(
      refusal(now),
      "runs/x: the problems of stage.0.data are not those that the run was begun with; put the files back "
      "as they were, or choose another --output to begin a new run");
  now.data = {{"stage.1", "new"}};  // a stage added; one that is over is not looked at
  EXPECT_EQ(refusal(now), "");
}

}  // namespace
}  // namespace deepscaler
