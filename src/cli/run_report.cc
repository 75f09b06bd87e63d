#include "cli/run_report.h"

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/output_path.h"
#include "report/page.h"
#include "report/picture.h"
#include "run/recipe.h"
#include "track/run_layout.h"

namespace deepscaler {

namespace fs = std::filesystem;

namespace {

std::vector<StageTitle> titles_of(const fs::path& folder) {
  const fs::path config = RunLayout{folder}.config();
  if (!fs::exists(config)) {
    throw Error(folder.string(), fmt::format("is no run: it has no {}", RunLayout().config().string()),
                "name a folder that `deepscaler train` wrote");
  }
  std::vector<StageTitle> titles;
  for (const StageConfig& stage : read_config<Recipe>(config).stages) {
    titles.push_back({stage.title(), stage.kind});
  }
  return titles;
}

}  // namespace

fs::path write_run_report(const fs::path& folder, const fs::path& output) {
  const std::vector<StageTitle> titles = titles_of(folder);
  const fs::path path = output.empty() ? RunLayout{folder}.report() : output;
  if (is_run_page(path))
    require_place_for(path, {}, {.run = folder});
  else
    require_new_file(path, {},
                     "remove it, if it is no more than an earlier report, or choose another --output",
                     {.run = folder});
  write_file_atomically(path, run_page(folder, titles));
  return path;
}

void write_run_picture(const fs::path& folder, const fs::path& output) {
  const OutputOption option = {.flag = "--picture", .run = folder};
  const std::vector<StageTitle> titles = titles_of(folder);
  require_ending(output, ".svg", "name the picture FILE.svg");
  if (is_run_picture(output))
    require_place_for(output, {}, option);
  else
    require_new_file(output, {}, "remove it, or choose another --picture", option);
  write_file_atomically(output, run_picture(read_history(folder, titles)));
}

}  // namespace deepscaler
