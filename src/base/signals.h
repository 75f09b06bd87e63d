// SIGINT and SIGTERM as a request: long loops finish their step, save and leave.
#pragma once

namespace deepscaler {

// From now on the first SIGINT or SIGTERM sets a flag; a second one ends the process at once, as it
// would have without this call. Call it once, at start-up.
void install_stop_signals();

// Whether the user asked to stop. Cheap, thread-safe; poll it once a step.
[[nodiscard]] bool stop_requested();

// Throws Interrupted if the user asked to stop, for work that has nothing to save.
void throw_if_stop_requested();

}  // namespace deepscaler
