// Repositories of the Hugging Face hub, fetched into a folder: listed by its API, downloaded from
// `resolve/REVISION/FILE`, continued where a connection was cut, checked by size and SHA-256.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "fetch/http.h"

namespace deepscaler {

struct HubOptions {
  std::string endpoint = "https://huggingface.co";
  HttpOptions http;
  int attempts = 5;               // of a transfer, without any progress in between
  int64_t retry_delay_ms = 1000;  // before the second attempt; doubles after each
};

struct HubFile {
  std::string path;  // in the repository
  int64_t size_bytes = 0;
  std::string sha256;  // empty for small files, which the hub does not keep by hash
};

struct HubListing {
  std::string revision;  // the commit
  std::vector<HubFile> files;
};

// The files of "owner/name", or of "datasets/owner/name". Throws Unreachable, Error.
[[nodiscard]] HubListing list_hub_repository(const HubOptions& options, const std::string& repository);

// The files that match one of `patterns` (shell wildcards). Throws Error for a pattern that matches nothing.
// Without patterns: what a model needs, its top-level .safetensors, .json, .txt, .jinja and .model; of a data
// set everything.
[[nodiscard]] std::vector<HubFile> choose_hub_files(const std::string& repository,
                                                    const std::vector<HubFile>& files,
                                                    const std::vector<std::string>& patterns);

// Downloads the files into `folder`. Files that are there whole stay. A file gets its name once it is whole
// and checked. Shows progress. Throws Unreachable, Error, Interrupted.
void download_hub_files(const HubOptions& options, const std::string& repository, const std::string& revision,
                        const std::vector<HubFile>& files, const std::filesystem::path& folder);

}  // namespace deepscaler
