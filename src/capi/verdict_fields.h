// A verdict in JSON: the same fields in the answers of the C library and of the command.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "verify/verdict.h"

namespace deepscaler {

// Sets "correct", "undecided", "extracted" and "reason" in an object.
void add_verdict(nlohmann::ordered_json& fields, const Verdict& verdict);

}  // namespace deepscaler
