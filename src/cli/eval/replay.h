// `deepscaler eval --replay`: samples that were made before, graded by one or several graders.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace deepscaler {

struct ReplayOptions {
  std::string samples;
  std::vector<std::string> graders = {"ours"};
};

// Adds --replay and --graders, and returns the first.
CLI::Option* add_replay_flags(CLI::App& command, ReplayOptions& options);

// Prints a table of the graders. `data` are files of problems, or none where the samples hold their
// references; `output` is the file that gets every verdict, a line a sample, or empty. Throws Error.
void replay(const ReplayOptions& options, const std::vector<std::string>& data, const std::string& output);

}  // namespace deepscaler
