#include "fetch/hub.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/progress.h"
#include "base/sha256.h"
#include "base/signals.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::string_view kDatasets = "datasets/";

bool is_name(std::string_view part) {
  const bool plain = std::all_of(part.begin(), part.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.';
  });
  return plain && !part.empty() && part != "." && part != "..";
}

// "owner/name", perhaps after "datasets/": nothing that could change the URL around it.
void check_repository(const std::string& repository) {
  std::string_view rest = repository;
  if (rest.starts_with(kDatasets)) rest.remove_prefix(kDatasets.size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos || !is_name(rest.substr(0, slash)) || !is_name(rest.substr(slash + 1)))
    throw Error(repository, "is not the name of a repository", "write OWNER/NAME or datasets/OWNER/NAME");
}

// A path from the server, which must stay inside the folder that it is put into.
bool is_safe_path(const std::string& path) {
  const bool printable = std::none_of(path.begin(), path.end(),
                                      [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '\\'; });
  if (!printable || path.empty() || fs::path(path).is_absolute()) return false;
  for (const auto& part : fs::path(path))
    if (part == "." || part == ".." || part.empty()) return false;
  return true;
}

std::string escape_path(std::string_view path) {
  std::string escaped;
  for (unsigned char c : path) {
    const bool plain =
        std::isalnum(c) || std::string_view("-_.~/").find(static_cast<char>(c)) != std::string_view::npos;
    escaped += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return escaped;
}

HubFile read_file_entry(const Json& entry, const std::string& url) {
  HubFile file;
  file.path = entry.at("rfilename").get<std::string>();
  if (!is_safe_path(file.path))
    throw Error(url, fmt::format("lists a file with the path \"{}\"", file.path),
                "don't use this repository");
  file.size_bytes = entry.value("size", int64_t{0});
  if (entry.contains("lfs") && entry["lfs"].is_object()) {
    file.sha256 = entry["lfs"].value("sha256", "");
    file.size_bytes = entry["lfs"].value("size", file.size_bytes);
  }
  return file;
}

bool is_whole(const HubFile& file, const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error || static_cast<int64_t>(size) != file.size_bytes) return false;
  return file.sha256.empty() || sha256_of_file(path) == file.sha256;
}

void pause(int64_t milliseconds) {
  constexpr int64_t kTick = 50;
  for (int64_t waited = 0; waited < milliseconds; waited += kTick) {
    throw_if_stop_requested();
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(kTick, milliseconds - waited)));
  }
}

int64_t size_or_zero(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(size);
}

// Downloads into `part` until it is as long as announced, going on after cuts.
void download_with_retries(const HubOptions& options, const std::string& url, const HubFile& file,
                           const fs::path& part, Progress& progress, int64_t done_before) {
  HttpClient client(options.http);
  for (int failures = 0; !fs::exists(part) || size_or_zero(part) < file.size_bytes;) {
    const int64_t before = size_or_zero(part);
    try {
      client.download(url, part, file.size_bytes, [&](int64_t size) { progress.update(done_before + size); });
      if (size_or_zero(part) < file.size_bytes) throw Unreachable(url, "the file ended early", "try again");
    } catch (const Unreachable&) {
      failures = size_or_zero(part) > before ? 1 : failures + 1;
      if (failures >= options.attempts) throw;
      pause(options.retry_delay_ms << (failures - 1));
    }
  }
}

}  // namespace

HubListing list_hub_repository(const HubOptions& options, const std::string& repository) {
  check_repository(repository);
  const bool is_dataset = repository.starts_with(kDatasets);
  const std::string url =
      fmt::format("{}/api/{}{}?blobs=true", options.endpoint, is_dataset ? "" : "models/", repository);
  const std::string body = HttpClient(options.http).get(url);
  try {
    const Json json = Json::parse(body);
    HubListing listing;
    listing.revision = json.value("sha", "main");
    for (const auto& entry : json.at("siblings")) listing.files.push_back(read_file_entry(entry, url));
    return listing;
  } catch (const Json::exception&) {
    throw Error(url, "the answer is not a repository's listing", "check HF_ENDPOINT");
  }
}

std::vector<HubFile> choose_hub_files(const std::string& repository, const std::vector<HubFile>& files,
                                      const std::vector<std::string>& patterns) {
  std::vector<std::string> wanted = patterns;
  if (wanted.empty() && repository.starts_with(kDatasets)) return files;
  const bool by_default = wanted.empty();
  if (by_default) wanted = {"*.safetensors", "*.json", "*.txt", "*.jinja", "*.model"};

  std::vector<HubFile> chosen;
  std::vector<bool> matched(wanted.size(), false);
  for (const auto& file : files) {
    bool matches = false;
    for (size_t i = 0; i < wanted.size(); ++i) {
      // By default only the top level; a pattern of the user's may reach into folders.
      const bool fits = fnmatch(wanted[i].c_str(), file.path.c_str(), by_default ? FNM_PATHNAME : 0) == 0;
      matched[i] = matched[i] || fits;
      matches = matches || fits;
    }
    if (matches) chosen.push_back(file);
  }
  const auto missing = std::find(matched.begin(), matched.end(), false);
  const bool has_weights = matched[0];
  if (by_default ? has_weights : missing == matched.end()) return chosen;

  std::string names;
  for (const auto& file : files) names += (names.empty() ? "" : ", ") + file.path;
  const auto& absent = wanted[static_cast<size_t>(by_default ? 0 : missing - matched.begin())];
  throw Error(repository, fmt::format("has no file {}", absent), "choose with --file among: " + names);
}

void download_hub_files(const HubOptions& options, const std::string& repository, const std::string& revision,
                        const std::vector<HubFile>& files, const fs::path& folder) {
  int64_t total = 0, done = 0;
  for (const auto& file : files) total += file.size_bytes;
  Progress progress(repository, "B", total);
  for (const auto& file : files) {
    const fs::path path = folder / file.path;
    const std::string url =
        fmt::format("{}/{}/resolve/{}/{}", options.endpoint, repository, revision, escape_path(file.path));
    progress.set("file", file.path);
    if (!is_whole(file, path)) {
      fs::create_directories(path.parent_path());
      // Named by what it is a part of: a new version never continues an old one's bytes.
      const std::string version = file.sha256.empty() ? revision : file.sha256;
      const fs::path part = fmt::format("{}.{}.part", path.string(), version.substr(0, 12));
      download_with_retries(options, url, file, part, progress, done);
      if (!is_whole(file, part)) {
        fs::remove(part);
        throw Error(url, "the file's SHA-256 is not the one announced", "try again");
      }
      fs::rename(part, path);
    }
    done += file.size_bytes;
    progress.update(done);
  }
}

}  // namespace deepscaler
