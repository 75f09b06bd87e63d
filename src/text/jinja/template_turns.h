// Templates that write a conversation turn by turn: one loop over the messages that looks at no message but
// its own, those before it through what it kept of them, and the first. Then the text of every beginning of a
// conversation is a beginning of the text of all of it, and one rendering tells them all.
#pragma once

#include <cstddef>
#include <vector>

#include "text/jinja/template_syntax.h"

namespace deepscaler::jinja {

// The loop over the messages of a template of which it is certain that it writes turn by turn, and that the
// loop and what stands before it do not depend on `add_generation_prompt`, nor what stands behind it on the
// messages. Null for others.
[[nodiscard]] const Statement* turn_loop(const Body& body);

// Where the text stands after each item of a loop.
struct LoopEnds {
  const Statement* loop;
  std::vector<size_t> bytes = {};
};

}  // namespace deepscaler::jinja
