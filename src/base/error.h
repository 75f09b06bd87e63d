// Two kinds of failure.
//
// What comes from outside (files, configs, models, the network, model output) raises `Error`: where
// it happened, what is wrong, and what to do about it. `main` prints it as one line and exits 1.
// A broken invariant of our own stops the process at DEEPSCALER_CHECK; user input never meets one.
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace deepscaler {

class Error : public std::runtime_error {
 public:
  // `where` names the file and the place in it ("train.jsonl:17", "recipe.toml: stage.0.kind"),
  // `what` the fault, `remedy` what the user can do. Line breaks in the parts become spaces.
  Error(std::string_view where, std::string_view what, std::string_view remedy);
};

// Raised to leave a computation early because the user asked to stop (SIGINT, SIGTERM).
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

[[noreturn]] void check_failed(const char* file, int line, const char* condition, std::string_view message);

}  // namespace deepscaler

#define DEEPSCALER_CHECK(condition, ...)                                                         \
  do {                                                                                           \
    if (!(condition)) [[unlikely]]                                                               \
      ::deepscaler::check_failed(__FILE__, __LINE__, #condition, ::fmt::format("" __VA_ARGS__)); \
  } while (false)
