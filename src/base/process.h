// Another program as a function: bytes in, bytes out, within a time limit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deepscaler {

struct ProcessLimits {
  double time_s = 60;  // wall time, from its start to its end
  int64_t output_bytes = int64_t{1} << 28;
};

// The file that a program's name stands for: itself where it has a slash, else the first in PATH that may be
// executed; nothing where there is none.
[[nodiscard]] std::optional<std::filesystem::path> find_program(const std::string& name);

// Starts `command` (a program, looked up in PATH, and its arguments; no shell), writes `input` to its
// standard input and returns what it writes to its standard output once it has ended with exit code 0.
//
// The program gets a process group of its own. When this call returns or throws, every process of the group
// is gone, including children that the program left behind. The program need not read all of its input.
//
// Throws Error, naming `where`, for a program that can't be started, goes over a limit, is killed or exits
// with another code; the message has the last line that the program wrote to standard error. Throws
// Interrupted when the user asks to stop.
[[nodiscard]] std::string run_process(const std::vector<std::string>& command, std::string_view input,
                                      const ProcessLimits& limits, std::string_view where);

}  // namespace deepscaler
