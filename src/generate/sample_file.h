// A JSONL file of samples: a line each, written when the sample is done, so that a program that was stopped
// or killed has lost nothing that was finished, and goes on with the rest. What a line holds beside its name
// is its owner's: generate/generation_file.h repeats the settings in every line, eval/sample_log.h begins
// with a line of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "formats/jsonl.h"
#include "generate/missing_samples.h"

namespace deepscaler {

// What the lines of an owner look like, and what is said of those that are another's.
struct SampleLines {
  std::vector<std::string_view> beginnings;  // of all its lines: an unfinished one begins as one of them
  std::string_view item;                     // "prompt", in messages
  std::string_view item_key;                 // "index": the number of the item
  std::string_view owner;                    // "`generate`", in messages
  std::string_view remedy;
};

// One thread owns it; one process at a time may write a file.
class SampleFile {
 public:
  SampleFile(std::filesystem::path path, SampleLines lines, int64_t items, int64_t samples);

  // Goes on with what is at the path, if there is anything: `take` gets each whole line and where it is, in
  // order, and an unfinished one at the end is cut off. Throws Error, and leaves the file as it was, for an
  // end that no line of ours has, and where `take` throws.
  void resume(const std::function<void(const nlohmann::ordered_json& line, const std::string& where)>& take);

  // The sample that a line is of. Throws Error for a line without a name, and for a sample that is not among
  // those of this file.
  [[nodiscard]] SampleName name_in(const nlohmann::ordered_json& line, const std::string& where) const;
  // Takes note that a sample is there; false where it was.
  bool remember(SampleName name) { return names_.insert(name).second; }

  [[nodiscard]] bool has(SampleName name) const { return names_.contains(name); }
  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(names_.size()); }

  // Adds a line. The file is made, or an old one emptied, with the first line of a file that was not resumed,
  // so that bad input leaves what is there alone.
  void write(const nlohmann::ordered_json& line);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  [[nodiscard]] bool is_ours(std::string_view unfinished) const;
  [[noreturn]] void refuse(const std::string& where, const std::string& what) const;

  std::filesystem::path path_;
  SampleLines lines_;
  int64_t items_, samples_;
  std::optional<JsonlWriter> writer_;
  std::set<SampleName> names_;
};

}  // namespace deepscaler
