// `deepscaler chat`: a conversation with a model on the terminal.
#include "chat/chat.h"

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

#include "base/break_signal.h"
#include "base/error.h"
#include "base/log.h"
#include "base/trim.h"
#include "chat/turn_input.h"
#include "cli/chat/line_editor.h"
#include "cli/commands.h"
#include "cli/computation.h"
#include "cli/flag_checks.h"
#include "cli/runtime_options.h"
#include "cli/sampling_flags.h"
#include "cli/template_flags.h"
#include "model/text_ends.h"
#include "run/own_files.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// A prompt is read in pieces of so many tokens, between which Ctrl-C is seen.
constexpr int64_t kPromptRows = 256;

struct Options {
  std::string model;
  ChatSettings settings;
  PromptConfig template_variables;
  bool folds_thoughts = false, keeps_no_history = false;
  GenerationMemory memory;
  RuntimeOptions runtime;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Where the XDG Base Directory Specification has what should survive, and is neither settings nor cache.
fs::path history_file(const Options& options) {
  if (options.keeps_no_history) return {};
  const std::string state = environment("XDG_STATE_HOME"), home = environment("HOME");
  if (state.empty() && home.empty()) return {};
  const fs::path folder = (state.empty() ? fs::path(home) / ".local/state" : fs::path(state)) / "deepscaler";
  std::error_code fault;
  fs::create_directories(folder, fault);
  return fault ? fs::path() : folder / "chat_history";
}

void write_out(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

ChatLook terminal_look(const Options& options) {
  const bool is_terminal = isatty(STDOUT_FILENO) != 0;
  return {.columns = [is_terminal] { return is_terminal ? int64_t{terminal_width()} : 0; },
          .is_styled = is_terminal && environment("NO_COLOR").empty() && environment("TERM") != "dumb",
          .shows_thoughts = !options.folds_thoughts};
}

void converse(ChatSession& session, const Options& options) {
  std::optional<BreakSignal> ctrl_c;
  Chat chat(session, terminal_look(options), write_out, [&] { return ctrl_c->came(); });
  LineEditor editor(history_file(options));
  TurnInput input;
  log_info("/? lists what can be typed; Ctrl-D leaves");
  while (true) {
    const LineEditor::Line line = editor.read(input.goes_on() ? "... " : ">>> ");
    if (line.end == LineEditor::End::kEndOfInput) break;
    if (line.end == LineEditor::End::kInterrupted) {
      (void)input.take();
      continue;
    }
    if (!input.push(line.text)) continue;
    const std::string text = input.take();
    if (!trim(text).empty()) editor.remember(text);
    ctrl_c.emplace();
    const bool goes_on = chat.take(text);
    ctrl_c.reset();
    if (!goes_on) return;
  }
  write_out("\n");
}

// What is piped in is one question.
void answer_input(ChatSession& session) {
  const std::string question(std::istreambuf_iterator<char>(std::cin), {});
  if (trim(question).empty()) throw Error("chat", "the input holds no question", "write one into it");
  Chat chat(session, {.columns = [] { return 0; }}, write_out, [] { return false; });
  const ChatAnswerFigures figures = chat.answer_once(std::string(trim(question)));
  if (figures.was_cut) log_warning("the answer is cut after {} tokens", figures.tokens);
}

void run(const Options& options) {
  use_computation(options.runtime);
  umask(S_IRWXG | S_IRWXO);  // history and saved conversations are the user's own
  require_no_run(options.model);
  const Tokenizer tokenizer = load_tokenizer(options.model);
  Model model = load_for_use(options.model, options.memory.precision);
  model.end_responses_at(tokenizer.ends());
  Generator generator(model, options.memory.kv_memory_mib << 20, default_device(),
                      {.prompt_rows = kPromptRows});
  ChatSession session(generator, tokenizer, options.settings, options.template_variables);
  if (isatty(STDIN_FILENO) != 0)
    converse(session, options);
  else
    answer_input(session);
}

}  // namespace

void add_chat_command(CLI::App& app) {
  auto* command = app.add_subcommand("chat", "Talk with a model on the terminal");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Hugging Face folder or GGUF file")->required();
  command->add_option("--system", options->settings.system,
                      "the system message, in place of the chat template's");
  command
      ->add_option("--max-response-tokens", options->settings.sampling.max_response_tokens,
                   "longest answer, in tokens; 0 for as long as there is room")
      ->check(whole_number(0, 1 << 30))
      ->capture_default_str();
  add_sampling_defaults(*command, options->settings.sampling);
  command->add_option("--seed", options->settings.seed, "of the random numbers")
      ->check(is_seed())
      ->capture_default_str();
  command->add_flag("--fold-thoughts", options->folds_thoughts, "say only that the model thinks, not what");
  command->add_flag("--no-history", options->keeps_no_history, "keep no file of what was typed");
  add_template_flags(*command, options->template_variables);
  add_generation_memory(*command, options->memory);
  add_runtime_options(*command, options->runtime);
  command->callback([options] { run(*options); });
}

}  // namespace deepscaler
