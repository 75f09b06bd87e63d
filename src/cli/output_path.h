// One rule for all that a command is asked to write. What is there already is gone on with by the commands
// that can, and refused by all others; it is never replaced, and never is what the command reads, or lies in
// the folder of a run or of a model. So no command line, however wrong, loses data.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace deepscaler {

// Files and folders that a command reads; empty names count for nothing.
using Inputs = std::vector<std::string>;

// The option that names an output, for remedies, and the run that the output is about, if it is about one:
// its folder may hold the output.
struct OutputOption {
  std::string flag = "--output";
  std::filesystem::path run = {};
};

// Throws Error for a file that can't be written, is a folder, is a link to nothing, is an input too, lies in
// a run or a model, or whose unfinished form (PATH.tmp) is in the way. A file that is at the path already is
// accepted: the command goes on with it.
void require_place_for(const std::filesystem::path& output, const Inputs& inputs,
                       const OutputOption& option = {});

// Checks what require_place_for() checks, and throws Error where the file is there already and not empty;
// `remedy` says what to do then.
void require_new_file(const std::filesystem::path& output, const Inputs& inputs,
                      const std::string& remedy = "remove it, or choose another --output",
                      const OutputOption& option = {});

// Throws Error for a path that is no folder, is a link to nothing, or lies in a run or a model. The command
// makes the folder or goes on with it.
void require_own_folder(const std::filesystem::path& output);

// Throws Error, with the remedy, for a file whose name does not end so.
void require_ending(const std::filesystem::path& output, std::string_view ending, const std::string& remedy);

}  // namespace deepscaler
