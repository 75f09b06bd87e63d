#include "corpus/written_files.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "corpus/corpus_layout.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

}  // namespace

WrittenFiles::WrittenFiles(fs::path folder, std::string pipeline)
    : folder_(std::move(folder)), pipeline_(std::move(pipeline)) {
  const fs::path journal = CorpusLayout{folder_}.written();
  if (!is_there(journal)) return;
  try {
    const Json json = Json::parse(read_file(journal));
    of_another_ = json.at("pipeline") != pipeline_;
    hashes_ = json.at("files").get<std::map<std::string, std::set<std::string>>>();
  } catch (const nlohmann::json::exception&) {
    throw Error(journal.string(), "is no list of written files",
                "remove the data set's folder to begin anew");
  }
  for (const auto& [name, hashes] : hashes_) {
    const fs::path path = folder_ / name;
    if (!is_there(path) || hashes.contains(sha256_of_file(path))) continue;
    throw Error(path.string(), "was changed after the pipeline wrote it",
                "move it elsewhere, and the same command makes it again");
  }
}

bool WrittenFiles::is_own(const std::string& name, const std::string& sha256) const {
  const auto known = hashes_.find(name);
  return known != hashes_.end() && known->second.contains(sha256);
}

void WrittenFiles::write(std::span<const StepFile> files) {
  std::vector<const StepFile*> others;  // than what is there
  for (const StepFile& file : files) {
    const fs::path path = folder_ / file.name;
    const std::string sha256 = sha256_hex(file.bytes);
    std::set<std::string> hashes = {sha256};
    if (is_there(path)) {
      const std::string present = fs::is_directory(path) ? "" : sha256_of_file(path);
      if (present != sha256 && !is_own(file.name, present)) {
        throw Error(path.string(), "is no file of this pipeline, which writes there",
                    "move it elsewhere, or choose another --output");
      }
      hashes.insert(present);
      if (present != sha256) others.push_back(&file);
    } else {
      others.push_back(&file);
    }
    hashes_[file.name] = std::move(hashes);
  }
  save();
  for (const StepFile* file : others) {
    const fs::path path = folder_ / file->name;
    fs::create_directories(path.parent_path());
    write_file_atomically(path, file->bytes);
  }
}

std::set<std::string> WrittenFiles::names() const {
  std::set<std::string> names;
  for (const auto& [name, hashes] : hashes_) names.insert(name);
  return names;
}

void WrittenFiles::keep_only(const std::set<std::string>& names) {
  for (const auto& [name, hashes] : hashes_) {
    if (names.contains(name)) continue;
    std::error_code ignored;  // a folder that is not empty stays
    fs::remove(folder_ / name, ignored);
    for (fs::path above = fs::path(name).parent_path(); !above.empty(); above = above.parent_path()) {
      if (!fs::is_empty(folder_ / above, ignored)) break;
      fs::remove(folder_ / above, ignored);
    }
  }
  std::erase_if(hashes_, [&](const auto& file) { return !is_there(folder_ / file.first); });
  for (const std::string& name : names) {
    if (!is_there(folder_ / name)) continue;
    std::set<std::string>& hashes = hashes_[name];
    if (hashes.size() != 1) hashes = {sha256_of_file(folder_ / name)};
  }
  save();
}

void WrittenFiles::save() const {
  Json json = {{"pipeline", pipeline_}, {"files", Json::object()}};
  for (const auto& [name, hashes] : hashes_) json["files"][name] = hashes;
  const std::string text = json.dump(1) + "\n";
  const fs::path journal = CorpusLayout{folder_}.written();
  if (!is_there(journal) || read_file(journal) != text) write_file_atomically(journal, text);
}

}  // namespace deepscaler
