// What a pipeline has written into its folder, each file by its SHA-256 (steps/written.json), so that a file
// of somebody else, or one that was changed by hand, is never replaced and never removed.
//
// The hash of a file is noted before the file is written. So a file that a killed program has left is known
// to the next one as its own.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>

#include "corpus/steps/step.h"

namespace deepscaler {

// One thread owns it; the folder's lock is held.
class WrittenFiles {
 public:
  // `pipeline` stands for the pipeline's file: another one may not go on in this folder. Throws Error for a
  // file that was changed since it was written.
  WrittenFiles(std::filesystem::path folder, std::string pipeline);

  // Whether another pipeline's file has written here.
  [[nodiscard]] bool is_of_another() const { return of_another_; }

  // Writes files with their names from the folder; those that are there with these bytes stay. Throws Error,
  // and writes none of them, where a file that is not the pipeline's own has the name of one.
  void write(std::span<const StepFile> files);

  // The names of all that was written.
  [[nodiscard]] std::set<std::string> names() const;
  // Removes what was written and is not named here, with folders that are then empty.
  void keep_only(const std::set<std::string>& names);

 private:
  [[nodiscard]] bool is_own(const std::string& name, const std::string& sha256) const;
  void save() const;

  std::filesystem::path folder_;
  std::string pipeline_;
  bool of_another_ = false;
  std::map<std::string, std::set<std::string>> hashes_;  // what the bytes of a name may be
};

}  // namespace deepscaler
