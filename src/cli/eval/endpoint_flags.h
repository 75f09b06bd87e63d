// The command line's options of an evaluation of a model behind HTTP.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/evaluate_endpoint.h"
#include "fetch/chat_endpoint.h"

namespace CLI {
class App;
}

namespace deepscaler {

struct EndpointFlags {
  EndpointModel model;  // but for its name, which is --model
  ChatEndpointOptions asking;
  std::string key_file;
  int64_t side_by_side = 8;
};

// --endpoint and what belongs to it. `here_only`: the names of options that say how this program computes,
// which --endpoint excludes; they must be there already.
void add_endpoint_flags(CLI::App& command, EndpointFlags& flags, const std::vector<std::string>& here_only);

// How to ask, with the key read. Faults that make a request wait are said on the terminal,
// each once. Throws Error.
[[nodiscard]] ChatEndpointOptions endpoint_options(const EndpointFlags& flags);

}  // namespace deepscaler
