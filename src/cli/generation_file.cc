#include "cli/generation_file.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace deepscaler {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kBeginning = R"({"index":)";
constexpr const char* kRemedy = "use the same input and settings, or another --output";

std::vector<std::string_view> lines_of(std::string_view bytes) {
  std::vector<std::string_view> lines;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view line = bytes.substr(0, end);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) lines.push_back(line);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  return lines;
}

}  // namespace

GenerationFile::GenerationFile(std::string path, const ordered_json& settings,
                               const std::vector<Prompt>& prompts, const StopStrings& stop)
    : path_(std::move(path)),
      settings_(std::make_unique<const ordered_json>(settings)),
      prompts_(prompts),
      stop_(stop) {}

GenerationFile::~GenerationFile() = default;

void GenerationFile::resume(int64_t samples) {
  if (!std::filesystem::exists(path_)) return;
  JsonlReader reader(path_, JsonlReader::End::kWholeLine);
  for (ordered_json line; reader.next(line);) {
    const Name name = read_name(line, samples, reader.where());
    check_settings(line, reader.where());
    remember(name, reader.where());
  }
  // An unfinished line is cut off only where it began as ours do.
  const std::string rest = JsonlWriter::unfinished_line(path_);
  if (!rest.starts_with(std::string_view(kBeginning).substr(0, rest.size()))) {
    throw Error(path_, "ends in a line that is no line of `generate`", kRemedy);
  }
  writer_.emplace(path_, JsonlWriter::Start::kAppend);  // the file is ours
}

GenerationFile::Name GenerationFile::read_name(const ordered_json& line, int64_t samples,
                                               const std::string& where) const {
  const auto number = [&](const char* key) -> int64_t {
    if (!line.is_object() || !line.contains(key) || !line[key].is_number_integer()) {
      throw Error(where, fmt::format("has no number \"{}\", so it is no line of `generate`", key), kRemedy);
    }
    return line[key].get<int64_t>();
  };
  const Name name = {number("index"), number("sample")};
  if (name.first < 0 || name.first >= std::ssize(prompts_)) {
    throw Error(where, fmt::format("belongs to prompt {}, and there are {}", name.first, prompts_.size()),
                kRemedy);
  }
  if (name.second < 0 || name.second >= samples) {
    throw Error(where, fmt::format("is sample {} of {}", name.second, samples), kRemedy);
  }
  const Prompt& prompt = prompts_[static_cast<size_t>(name.first)];
  if (read_token_ids(line, "prompt_token_ids", where) != prompt.tokens ||
      (line.contains("id") ? line["id"].dump() : "null") != prompt.id) {
    throw Error(where, fmt::format("has another prompt or id than {}", prompt.where), kRemedy);
  }
  return name;
}

void GenerationFile::check_settings(const ordered_json& line, const std::string& where) const {
  const json now = json(*settings_).flatten();
  json made = json::object();
  for (const auto& [key, value] : settings_->items()) {
    if (line.contains(key)) made[key] = line[key];
  }
  const json before = made.flatten();
  json all = now;
  all.update(before);
  const auto value_of = [](const json& keys, const std::string& key) {
    return keys.contains(key) ? keys[key].dump() : "nothing";
  };
  for (const auto& [key, value] : all.items()) {
    if (value_of(before, key) == value_of(now, key)) continue;
    throw Error(where,
                fmt::format("was made with {} for {}, and this run has {}", value_of(before, key),
                            key.substr(1), value_of(now, key)),
                kRemedy);
  }
}

void GenerationFile::remember(Name name, const std::string& where) {
  if (!names_.insert(name).second) {
    throw Error(where, fmt::format("is sample {} of prompt {} a second time", name.second, name.first),
                "remove one of the two lines");
  }
  order_.push_back(name);
}

void GenerationFile::add(int64_t prompt, int64_t sample, const std::string& text,
                         const Generation& generation) {
  const Prompt& p = prompts_[static_cast<size_t>(prompt)];
  ordered_json line = {{"index", prompt},
                       {"id", ordered_json::parse(p.id)},
                       {"sample", sample},
                       {"text", stop_.cut(text)},
                       {"prompt_token_ids", p.tokens},
                       {"token_ids", generation.tokens},
                       {"logprobs", generation.log_probs},
                       {"finish_reason", finish_reason_name(generation.finish_reason)},
                       {"prompt_opened_thinking", p.opened_thinking}};
  line.update(*settings_);
  if (!writer_) writer_.emplace(path_, JsonlWriter::Start::kEmpty);
  writer_->write(line);
  remember({prompt, sample}, path_);
}

void GenerationFile::finish() {
  if (std::ranges::is_sorted(order_) || !std::filesystem::is_regular_file(path_)) return;
  AtomicFile sorted(path_);
  {
    const MappedFile file(path_);
    const auto lines = lines_of({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()});
    DEEPSCALER_CHECK(lines.size() == order_.size());
    std::vector<size_t> by_name(lines.size());
    for (size_t i = 0; i < by_name.size(); ++i) by_name[i] = i;
    std::ranges::sort(by_name, {}, [&](size_t i) { return order_[i]; });
    for (size_t i : by_name) sorted.write(std::string(lines[i]) + "\n");
  }
  sorted.commit();
  std::ranges::sort(order_);
}

}  // namespace deepscaler
