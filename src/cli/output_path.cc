#include "cli/output_path.h"

#include "base/error.h"
#include "formats/jsonl.h"
#include "run/own_files.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

std::string elsewhere(const OutputOption& option) { return "choose another " + option.flag; }

// A pipe or a device has nothing to lose, and an empty file neither.
bool holds_something(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && fs::file_size(path, ignored) > 0;
}

void refuse_link_to_nothing(const fs::path& output, const OutputOption& option) {
  std::error_code ignored;
  if (!fs::is_symlink(output, ignored) || fs::exists(output, ignored)) return;
  throw Error(output.string(),
              fmt::format("is a link to {}, which is not there", fs::read_symlink(output, ignored).string()),
              "remove the link, or " + elsewhere(option));
}

void refuse_folders_of_others(const fs::path& output, const OutputOption& option) {
  if (const auto run = run_that_owns(output)) {
    throw Error(output.string(), fmt::format("is a place for the files of the run {} alone", run->string()),
                elsewhere(option));
  }
  const auto owner = owner_of(output);
  std::error_code ignored;
  if (!owner || fs::equivalent(owner->folder, option.run, ignored)) return;
  throw Error(output.string(),
              fmt::format("lies in the folder of the {} {}", owner->what, owner->folder.string()),
              elsewhere(option));
}

// The first part of the path that is there and no folder.
fs::path no_folder_in(const fs::path& path) {
  std::error_code ignored;
  fs::path beginning;
  for (const fs::path& part : path) {
    beginning /= part;
    if (fs::exists(beginning, ignored) && !fs::is_directory(beginning, ignored)) return beginning;
  }
  return {};
}

}  // namespace

void require_place_for(const fs::path& output, const Inputs& inputs, const OutputOption& option) {
  std::error_code ignored;
  if (fs::is_directory(output, ignored)) {
    throw Error(output.string(), "is a folder, not a file", "name a file in it");
  }
  refuse_link_to_nothing(output, option);
  for (const std::string& input : inputs) {
    if (!input.empty() && fs::equivalent(input, output, ignored)) {
      throw Error(output.string(), "is the input too, which is read while this is written",
                  elsewhere(option));
    }
  }
  refuse_folders_of_others(output, option);
  JsonlWriter::check_path(output);
  if (const fs::path unfinished = output.string() + ".tmp"; fs::exists(unfinished, ignored)) {
    throw Error(unfinished.string(), "is in the way: the file is written under this name first",
                "remove it, if it is what a run that was cut off left, or " + elsewhere(option));
  }
}

void require_new_file(const fs::path& output, const Inputs& inputs, const std::string& remedy,
                      const OutputOption& option) {
  require_place_for(output, inputs, option);
  if (holds_something(output)) throw Error(output.string(), "is there already", remedy);
}

void require_own_folder(const fs::path& output) {
  const OutputOption option;
  refuse_link_to_nothing(output, option);
  if (const fs::path file = no_folder_in(output); !file.empty()) {
    throw Error(file.string(), "is no folder, and the command makes one", elsewhere(option));
  }
  refuse_folders_of_others(output, option);
}

void require_ending(const fs::path& output, std::string_view ending, const std::string& remedy) {
  if (output.extension() == ending) return;
  throw Error(output.string(), fmt::format("does not end in {}", ending), remedy);
}

}  // namespace deepscaler
