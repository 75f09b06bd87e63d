#include "cli/eval/endpoint_flags.h"

#include <CLI/CLI.hpp>

#include "base/api_keys.h"
#include "cli/flag_checks.h"

namespace deepscaler {

void add_endpoint_flags(CLI::App& command, EndpointFlags& flags, const std::vector<std::string>& here_only) {
  auto* endpoint =
      command.add_option("--endpoint", flags.model.url,
                         "the model is behind this URL, as http://127.0.0.1:8080/v1, and answers "
                         "as OpenAI's; --model is its name there");
  for (const std::string& name : here_only) endpoint->excludes(command.get_option(name));
  command.add_option("--api-key-file", flags.key_file, "the key to send; only its owner may read the file")
      ->needs(endpoint);
  command
      .add_option("--request-fields", flags.model.request_fields,
                  "a JSON object put into each request; null takes a field away")
      ->needs(endpoint);
  command.add_option("--side-by-side", flags.side_by_side, "requests that are under way at a time")
      ->check(whole_number(1, 1024))
      ->needs(endpoint)
      ->capture_default_str();
  command
      .add_option("--requests-per-minute", flags.asking.requests_per_minute,
                  "at most, further tries included; 0: as many as are answered")
      ->check(not_negative())
      ->needs(endpoint)
      ->capture_default_str();
  command
      .add_option("--patience", flags.asking.patience_s,
                  "seconds in which a request is tried again while the server can't answer")
      ->check(not_negative())
      ->needs(endpoint)
      ->capture_default_str();
  command
      .add_option("--cache", flags.asking.cache,
                  "a folder of answers by what was asked: what is in it is not asked for again")
      ->needs(endpoint);
}

ChatEndpointOptions endpoint_options(const EndpointFlags& flags) {
  ChatEndpointOptions options = flags.asking;
  options.url = flags.model.url;
  if (!flags.key_file.empty()) options.key = read_api_key(flags.key_file);
  options.on_retry = warn_of_retries(options.patience_s);
  return options;
}

}  // namespace deepscaler
