#include "trust/recorded_run.h"

#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "formats/jsonl.h"
#include "run/recipe_paths.h"

namespace deepscaler {

namespace fs = std::filesystem;

RecordedRun read_run(const fs::path& folder) {
  const RunLayout layout{folder};
  for (const fs::path& file : {layout.config(), layout.manifest()}) {
    if (fs::exists(file)) continue;
    throw Error(folder.string(), fmt::format("is no run: it has no {}", file.filename().string()),
                "name a folder that `deepscaler train` wrote");
  }
  RecordedRun run = {.layout = layout,
                     .recipe = read_config<Recipe>(layout.config()),
                     .manifest = read_manifest(layout.manifest()),
                     .lines = {}};
  find_files(run.recipe, layout.config());
  if (!fs::exists(layout.metrics())) return run;
  JsonlReader reader(layout.metrics(), JsonlReader::End::kWholeLine);
  nlohmann::ordered_json line;
  while (reader.next(line)) {
    const bool has_step = line.is_object() && line.contains("step") && line["step"].is_number_integer();
    if (!has_step) {
      throw Error(reader.where(), "is no line of metrics", "name a folder that `deepscaler train` wrote");
    }
    run.lines[line["step"].get<int64_t>()].push_back(line.dump());
  }
  return run;
}

}  // namespace deepscaler
