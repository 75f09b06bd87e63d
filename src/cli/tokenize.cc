// `deepscaler tokenize`: text to token ids with a model's tokenizer, or ids to text.
#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/flag_checks.h"
#include "formats/excerpt.h"
#include "run/own_files.h"
#include "text/tokenizer/tokenizer.h"
#include "text/unicode/read_utf8.h"

namespace deepscaler {
namespace {

struct TokenizeArguments {
  std::string model;
  std::string text;
  std::string input;
  bool no_special = false;
  bool decode = false;
};

// Ids separated by white space or commas.
std::vector<TokenId> parse_ids(const std::string& text) {
  constexpr const char* kSeparators = " \t\r\n,";
  std::vector<TokenId> ids;
  for (size_t at = text.find_first_not_of(kSeparators); at != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(kSeparators, at), text.size());
    TokenId id = 0;
    const auto [stop, fault] = std::from_chars(text.data() + at, text.data() + end, id);
    if (fault != std::errc() || stop != text.data() + end || id < 0) {
      throw Error("--decode", excerpt(text.substr(at, end - at)) + " is not a token id",
                  "give ids separated by spaces");
    }
    ids.push_back(id);
    at = text.find_first_not_of(kSeparators, end);
  }
  return ids;
}

std::string ids_line(const std::vector<TokenId>& ids) {
  std::string line;
  for (const TokenId id : ids) {
    if (!line.empty()) line += ' ';
    line += std::to_string(id);
  }
  return line + "\n";
}

void run(const TokenizeArguments& arguments) {
  require_no_run(arguments.model);
  const Tokenizer tokenizer = Tokenizer::load(arguments.model);
  const std::string text = arguments.input.empty() ? arguments.text : read_utf8(arguments.input);
  std::string output;
  if (arguments.decode) {
    const std::vector<TokenId> ids = parse_ids(text);
    for (const TokenId id : ids) {
      if (id < tokenizer.size()) continue;
      throw Error("--decode", fmt::format("{} is not a token id of the model", id),
                  fmt::format("give ids from 0 to {}", tokenizer.size() - 1));
    }
    output = tokenizer.decode(ids);
  } else {
    const auto special = arguments.no_special ? SpecialTokens::kLeaveAsText : SpecialTokens::kFind;
    output = ids_line(tokenizer.encode(text, {.special_tokens = special}));
  }
  std::fwrite(output.data(), 1, output.size(), stdout);
}

}  // namespace

void add_tokenize_command(CLI::App& app) {
  auto arguments = std::make_shared<TokenizeArguments>();
  CLI::App* command = app.add_subcommand("tokenize", "Turn text into token ids, or ids into text.");
  command->add_option("--model", arguments->model, "GGUF file or Hugging Face model folder")->required();
  auto* source = command->add_option_group("source");
  source->add_option("--text", arguments->text, "the text (or ids) itself")->check(is_text());
  source->add_option("--input", arguments->input, "file with the text (or ids), taken whole");
  source->require_option(1);
  command->add_flag("--no-special", arguments->no_special, "read special tokens in the text as plain text");
  command->add_flag("--decode", arguments->decode, "the input is token ids; print their text");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace deepscaler
