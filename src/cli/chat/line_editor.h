// Lines from a person at the terminal, edited with libedit, with a history that survives. A paste of several
// lines is inserted as it is and submits nothing (bracketed paste, which libedit lacks).
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace deepscaler {

// One thread owns it, and one lives at a time.
class LineEditor {
 public:
  // Goes on with the history in a file, which only the owner may read; empty: none is kept.
  explicit LineEditor(std::filesystem::path history_file);
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  ~LineEditor();

  enum class End { kLine, kInterrupted, kEndOfInput };
  struct Line {
    End end = End::kLine;
    std::string text;  // without the line break at its end; of kLine
  };
  // `prompt` must outlive the call.
  [[nodiscard]] Line read(const char* prompt);
  // Adds an input to the history.
  void remember(const std::string& input);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace deepscaler
