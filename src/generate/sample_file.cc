#include "generate/sample_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"

namespace deepscaler {

using nlohmann::ordered_json;

SampleFile::SampleFile(std::filesystem::path path, SampleLines lines, int64_t items, int64_t samples)
    : path_(std::move(path)), lines_(std::move(lines)), items_(items), samples_(samples) {}

void SampleFile::refuse(const std::string& where, const std::string& what) const {
  throw Error(where, what, lines_.remedy);
}

bool SampleFile::is_ours(std::string_view unfinished) const {
  return std::ranges::any_of(lines_.beginnings, [&](std::string_view beginning) {
    return unfinished.starts_with(beginning.substr(0, unfinished.size()));
  });
}

void SampleFile::resume(const std::function<void(const ordered_json&, const std::string&)>& take) {
  if (!std::filesystem::exists(path_)) return;
  JsonlReader reader(path_, JsonlReader::End::kWholeLine);
  for (ordered_json line; reader.next(line);) take(line, reader.where());
  if (!is_ours(JsonlWriter::unfinished_line(path_))) {
    refuse(path_.string(), fmt::format("ends in a line that is no line of {}", lines_.owner));
  }
  writer_.emplace(path_, JsonlWriter::Start::kAppend);  // the file is ours
}

SampleName SampleFile::name_in(const ordered_json& line, const std::string& where) const {
  const auto number = [&](std::string_view key) -> int64_t {
    if (!line.is_object() || !line.contains(key) || !line[std::string(key)].is_number_integer()) {
      refuse(where, fmt::format("has no number \"{}\", so it is no line of {}", key, lines_.owner));
    }
    return line[std::string(key)].get<int64_t>();
  };
  const SampleName name = {number(lines_.item_key), number("sample")};
  if (name.item < 0 || name.item >= items_) {
    refuse(where, fmt::format("belongs to {} {}, and there are {}", lines_.item, name.item, items_));
  }
  if (name.sample < 0 || name.sample >= samples_) {
    refuse(where, fmt::format("is sample {} of {}", name.sample, samples_));
  }
  return name;
}

void SampleFile::write(const ordered_json& line) {
  if (!writer_) writer_.emplace(path_, JsonlWriter::Start::kEmpty);
  writer_->write(line);
}

}  // namespace deepscaler
