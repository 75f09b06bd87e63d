// SIGINT and SIGTERM as a request: long loops finish their step, save and leave.
#pragma once

#include <chrono>
#include <string_view>

namespace deepscaler {

// From now on the first SIGINT or SIGTERM sets a flag and says on stderr what happens next (StopNotice). A
// second signal, later than `patience` after the first, ends the process at once. A sooner one counts as the
// same request, since one Ctrl-C may reach a process twice. Call this once, at start-up.
void install_stop_signals(std::chrono::milliseconds patience = std::chrono::milliseconds(500));

// Whether the user asked to stop. Cheap, thread-safe; poll it once a step.
[[nodiscard]] bool stop_requested();

// Of processes that compute one run together each is asked at another moment (comm/ranks.h). From
// hold_stop_until_agreed() on, stop_requested() waits for agree_to_stop(), which they call at the same point;
// stop_pending() is whether this process has been asked.
void hold_stop_until_agreed();
void agree_to_stop();
[[nodiscard]] bool stop_pending();

// Throws Interrupted if the user asked to stop, for work that has nothing to save.
void throw_if_stop_requested();

// Work of this thread that can be made again, while this object lives: it may be left in the middle.
class DroppableWork {
 public:
  DroppableWork();
  DroppableWork(const DroppableWork&) = delete;
  DroppableWork& operator=(const DroppableWork&) = delete;
  ~DroppableWork();
};

// Throws Interrupted if the user asked to stop and this thread's work may be left. Long computations call
// this every tenth of a second or so, whoever they are for.
void drop_if_stop_requested();

// What is said while weights change, which is never left half done.
inline constexpr std::string_view kFinishesStep =
    "stopping: finishes the step, then saves it; Ctrl-C again ends at once and loses what is not saved";

// The answer to a request to stop while this object lives: what the program still does, and what a second
// request loses ("finishing step 12, then saving; Ctrl-C again loses the step"). Without a notice the answer
// is "stopping". One thread makes notices; the innermost counts.
class StopNotice {
 public:
  explicit StopNotice(std::string_view text);  // one line
  StopNotice(const StopNotice&) = delete;
  StopNotice& operator=(const StopNotice&) = delete;
  ~StopNotice();
};

}  // namespace deepscaler
