// The program: parses the command line, runs one subcommand, and turns what goes wrong into one line
// on stderr and an exit code: 0 done, 1 bad input or a failed run, 2 a wrong command line.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/program/version.h"

namespace {

// What the library keeps below a command: its groups of options, which have no name, or commands, which have.
std::vector<const CLI::App*> below(const CLI::App& command, bool named) {
  return command.get_subcommands(
      [named](const CLI::App* inner) { return inner->get_name().empty() != named; });
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const CLI::App* group : below(command, false)) {
    for (const std::string& name : options_of(*group)) names.push_back(name);
  }
  return names;
}

std::vector<std::string> commands_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* each : below(command, true)) names.push_back(each->get_name());
  return names;
}

bool takes_words(const CLI::App& command) {
  return std::ranges::any_of(command.get_options(),
                             [](const CLI::Option* option) { return option->get_positional(); });
}

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c == '-')
      words.emplace_back();
    else
      words.back() += c;
  }
  std::erase(words, "");
  return words;
}

// The one known name that has all words of another: --max-response-tokens for --max-tokens.
std::optional<std::string> longer_name(const std::string& name, const std::vector<std::string>& known) {
  std::optional<std::string> found;
  for (const std::string& other : known) {
    const auto words = words_of(other);
    const auto has = [&](const std::string& word) { return std::ranges::count(words, word) > 0; };
    if (!std::ranges::all_of(words_of(name), has)) continue;
    if (found) return std::nullopt;
    found = other;
  }
  return found;
}

std::string unknown(const char* what, const std::string& word, const std::vector<std::string>& known) {
  auto nearest = deepscaler::nearest_name(word, known);
  if (!nearest) nearest = longer_name(word, known);
  return std::string("unknown ") + what + " " + word + "; " +
         (nearest ? "did you mean " + *nearest + "?" : "run with --help for those there are");
}

// The first command or option of a command line that there is not: it explains what else is said to be
// missing.
std::optional<std::string> misspelt(const CLI::App& app, std::span<char*> words) {
  const CLI::App* command = &app;
  for (const std::string word : words) {
    const std::vector<std::string> commands = commands_of(*command);
    if (word == "--") break;
    if (word.starts_with("--")) {
      const std::string name = word.substr(0, word.find('='));
      const std::vector<std::string> options = options_of(*command);
      if (std::ranges::count(options, name) == 0) return unknown("option", name, options);
    } else if (!commands.empty()) {
      if (std::ranges::count(commands, word) == 0) {
        if (takes_words(*command)) continue;  // a file, not a command
        return unknown("command", word, commands);
      }
      command = command->get_subcommand(word);
    }
  }
  return std::nullopt;
}

// Else a full disk would take the end of the output, and nobody would know.
void flush_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  throw deepscaler::Error("standard output", "could not be written to its end",
                          "check that there is space left");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Reinforcement learning for small reasoning models, on CPUs.", "deepscaler");
  app.require_subcommand(1);
  app.set_version_flag("--version", deepscaler::version_text,
                       "Print the version, the commit, kernels and devices");
  deepscaler::add_audit_command(app);
  deepscaler::add_bench_command(app);
  deepscaler::add_chat_command(app);
  deepscaler::add_completion_command(app);
  deepscaler::add_convert_command(app);
  deepscaler::add_data_command(app);
  deepscaler::add_diff_command(app);
  deepscaler::add_eval_command(app);
  deepscaler::add_export_eval_command(app);
  deepscaler::add_export_run_command(app);
  deepscaler::add_fetch_command(app);
  deepscaler::add_fork_command(app);
  deepscaler::add_generate_command(app);
  deepscaler::add_imatrix_command(app);
  deepscaler::add_init_command(app);
  deepscaler::add_inspect_command(app);
  deepscaler::add_manual_command(app);
  deepscaler::add_pairs_command(app);
  deepscaler::add_perplexity_command(app);
  deepscaler::add_plan_command(app);
  deepscaler::add_problems_command(app);
  deepscaler::add_quantize_command(app);
  deepscaler::add_recipes_command(app);
  deepscaler::add_report_command(app);
  deepscaler::add_score_command(app);
  deepscaler::add_seeds_command(app);
  deepscaler::add_serve_command(app);
  deepscaler::add_sft_command(app);
  deepscaler::add_show_command(app);
  deepscaler::add_tokenize_command(app);
  deepscaler::add_train_command(app);
  deepscaler::add_verify_command(app);
  try {
    app.parse(argc, argv);
    flush_output();
    return 0;
  } catch (const CLI::ParseError& error) {
    const auto fault = misspelt(app, std::span(argv + 1, static_cast<size_t>(argc - 1)));
    if (error.get_exit_code() != 0 && fault) {
      std::fprintf(stderr, "deepscaler: %s\n", fault->c_str());
      return 2;
    }
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr,
                 "deepscaler: there is not enough memory; take fewer or shorter responses, less --kv-memory "
                 "or a smaller token budget\n");
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "deepscaler: %s\n", error.what());
    return 1;
  }
}
