#include "cli/run_report.h"

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/output_path.h"
#include "report/page.h"
#include "run/recipe.h"
#include "track/run_layout.h"

namespace deepscaler {

namespace fs = std::filesystem;

fs::path write_run_report(const fs::path& folder, const fs::path& output) {
  const RunLayout run{folder};
  const fs::path config = run.config();
  if (!fs::exists(config)) {
    throw Error(folder.string(), fmt::format("is no run: it has no {}", RunLayout().config().string()),
                "name a folder that `deepscaler train` wrote");
  }
  std::vector<PageStage> stages;
  for (const StageConfig& stage : read_config<Recipe>(config).stages) {
    stages.push_back({stage.title(), stage.kind});
  }
  const fs::path path = output.empty() ? run.report() : output;
  if (is_run_page(path))
    require_place_for(path, {});
  else
    require_new_file(path, {},
                     "remove it, if it is no more than an earlier report, or choose another --output");
  write_file_atomically(path, run_page(folder, stages));
  return path;
}

}  // namespace deepscaler
