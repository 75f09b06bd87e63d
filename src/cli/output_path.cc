#include "cli/output_path.h"

#include "base/error.h"
#include "formats/jsonl.h"
#include "run/own_files.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

std::string elsewhere(const std::string& flag) { return "choose another " + flag; }

// A pipe or a device has nothing to lose, and an empty file neither.
bool holds_something(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && fs::file_size(path, ignored) > 0;
}

void refuse_files_of_runs(const fs::path& output, const std::string& flag) {
  const auto run = run_that_owns(output);
  if (!run) return;
  throw Error(output.string(), fmt::format("is a place for the files of the run {} alone", run->string()),
              elsewhere(flag));
}

}  // namespace

void require_place_for(const fs::path& output, const Inputs& inputs, const std::string& flag) {
  std::error_code ignored;
  if (fs::is_directory(output, ignored)) {
    throw Error(output.string(), "is a folder, not a file", "name a file in it");
  }
  for (const std::string& input : inputs) {
    if (!input.empty() && fs::equivalent(input, output, ignored)) {
      throw Error(output.string(), "is the input too, which is read while this is written", elsewhere(flag));
    }
  }
  refuse_files_of_runs(output, flag);
  JsonlWriter::check_path(output);
  if (const fs::path unfinished = output.string() + ".tmp"; fs::exists(unfinished, ignored)) {
    throw Error(unfinished.string(), "is in the way: the file is written under this name first",
                "remove it, if it is what a run that was cut off left, or " + elsewhere(flag));
  }
}

void require_new_file(const fs::path& output, const Inputs& inputs, const std::string& remedy,
                      const std::string& flag) {
  require_place_for(output, inputs, flag);
  if (holds_something(output)) throw Error(output.string(), "is there already", remedy);
}

void require_own_folder(const fs::path& output) { refuse_files_of_runs(output, "--output"); }

}  // namespace deepscaler
