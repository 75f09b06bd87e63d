// One rule for all that a command is asked to write. What is there already is gone on with by the commands
// that can, and refused by all others; it is never replaced, and never is what the command reads, or a file
// of a run. So no command line, however wrong, loses data.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace deepscaler {

// Files and folders that a command reads; empty names count for nothing.
using Inputs = std::vector<std::string>;

// Throws Error for a file that can't be written, is a folder, is an input too, belongs to a run, or whose
// unfinished form (PATH.tmp) is in the way. A file that is at the path already is accepted: the command goes
// on with it. `flag` is the option that named the file, for the remedy.
void require_place_for(const std::filesystem::path& output, const Inputs& inputs,
                       const std::string& flag = "--output");

// Checks what require_place_for() checks, and throws Error where the file is there already and not empty;
// `remedy` says what to do then.
void require_new_file(const std::filesystem::path& output, const Inputs& inputs,
                      const std::string& remedy = "remove it, or choose another --output",
                      const std::string& flag = "--output");

// Throws Error for a folder that belongs to a run. The command makes the folder or goes on with it.
void require_own_folder(const std::filesystem::path& output);

}  // namespace deepscaler
