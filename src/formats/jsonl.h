// JSON Lines: one JSON value a line (jsonlines.org). Reading holds one line in memory at a time.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace deepscaler {

// For one thread.
class JsonlReader {
 public:
  enum class End {
    kAnyLine,   // the last line needs no line break
    kWholeLine  // a last line without a line break is left out: its writer was stopped
  };
  explicit JsonlReader(const std::filesystem::path& path, End end = End::kAnyLine);  // throws Error
  JsonlReader(std::unique_ptr<std::istream> stream,
              std::string name);  // `name` stands for the file in errors
  ~JsonlReader();

  // The next value; false at the end. Blank lines are passed over. Throws Error naming file and line
  // for a line that is not JSON or longer than 64 MiB, and for a failure to read.
  [[nodiscard]] bool next(nlohmann::json& value);
  [[nodiscard]] bool next(nlohmann::ordered_json& value);  // as parse_record() reads it

  // "file:line" of the value that next() gave last, for errors about what is in it.
  [[nodiscard]] std::string where() const;

 private:
  bool next_line();
  bool next_text();  // the next line that is not blank

  std::unique_ptr<std::istream> stream_;
  std::string name_;
  End end_ = End::kAnyLine;
  std::string line_;
  size_t line_number_ = 0;
};

// Each line reaches the file in one write, so that a stopped program leaves whole lines and at most
// one unfinished one at the end. For one thread.
class JsonlWriter {
 public:
  enum class Start {
    kEmpty,   // an existing file is emptied
    kAppend,  // after its last whole line: an unfinished one at the end is cut off
  };
  JsonlWriter(const std::filesystem::path& path, Start start);  // throws Error
  JsonlWriter(const JsonlWriter&) = delete;
  JsonlWriter& operator=(const JsonlWriter&) = delete;
  ~JsonlWriter();

  // Throws Error for a path that can't be written, and writes nothing. For files that are opened after long
  // work.
  static void check_path(const std::filesystem::path& path);

  // The unfinished line at the end of the file, which kAppend cuts off. Empty where every line is whole, or
  // where there is no file.
  [[nodiscard]] static std::string unfinished_line(const std::filesystem::path& path);

  void write(const nlohmann::json& value);          // throws Error
  void write(const nlohmann::ordered_json& value);  // keeps the order of keys

 private:
  void write_line(std::string line);

  std::string name_;
  int descriptor_;
};

}  // namespace deepscaler
