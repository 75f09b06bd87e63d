#include "cli/chat/line_editor.h"

#include <histedit.h>
#include <langinfo.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace deepscaler {

struct LineEditor::State {
  std::filesystem::path history_file;
  EditLine* editor = nullptr;
  History* history = nullptr;
  const char* prompt = "";
  bool interrupted = false;
  bool brackets_pastes = false;  // the terminal is asked to
};

namespace {

constexpr int kHistorySize = 1000;
constexpr std::wstring_view kPasteEnd = L"\x1b[201~";

// libedit takes characters as the locale has them.
void read_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

template <class State>
State& state_of(EditLine* editor) {
  void* state = nullptr;
  el_get(editor, EL_CLIENTDATA, &state);
  return *static_cast<State*>(state);
}

// What stands between the terminal's marks, line breaks included.
unsigned char insert_paste(EditLine* editor, int) {
  std::wstring pasted;
  for (wchar_t c = 0; el_wgetc(editor, &c) == 1;) {
    if (c == L'\r') c = L'\n';
    pasted += c;
    if (pasted.ends_with(kPasteEnd)) {
      pasted.resize(pasted.size() - kPasteEnd.size());
      break;
    }
  }
  std::erase_if(pasted, [](wchar_t c) { return (c < L' ' && c != L'\n' && c != L'\t') || c == 0x7F; });
  return !pasted.empty() && el_winsertstr(editor, pasted.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
}

bool is_dumb_terminal() {
  const char* kind = std::getenv("TERM");
  return kind == nullptr || std::string_view(kind) == "dumb" || *kind == '\0';
}

void ask_terminal(const char* sequence) {
  std::fputs(sequence, stdout);
  std::fflush(stdout);
}

}  // namespace

LineEditor::LineEditor(std::filesystem::path history_file) : state_(std::make_unique<State>()) {
  read_utf8();
  State& state = *state_;
  state.history_file = std::move(history_file);
  state.brackets_pastes = !is_dumb_terminal() && isatty(STDOUT_FILENO) != 0;
  state.editor = el_init("deepscaler", stdin, stdout, stderr);
  el_set(state.editor, EL_CLIENTDATA, &state);
  using Prompt = char* (*)(EditLine*);
  el_set(state.editor, EL_PROMPT, static_cast<Prompt>([](EditLine* editor) {
           return const_cast<char*>(state_of<State>(editor).prompt);
         }));
  el_set(state.editor, EL_EDITOR, "emacs");
  el_set(state.editor, EL_SIGNAL, 1);  // of resizing and of the end of the process
  state.history = history_init();
  HistEvent event;
  history(state.history, &event, H_SETSIZE, kHistorySize);
  history(state.history, &event, H_SETUNIQUE, 1);
  if (!state.history_file.empty()) history(state.history, &event, H_LOAD, state.history_file.c_str());
  el_set(state.editor, EL_HIST, history, state.history);
  el_source(state.editor, nullptr);
  // Ctrl-C is a key here: a signal would be told from an end of input by nothing.
  using Function = unsigned char (*)(EditLine*, int);
  el_set(state.editor, EL_SETTY, "-d", "-isig", nullptr);
  el_set(state.editor, EL_ADDFN, "interrupt-input", "gives the input up",
         static_cast<Function>([](EditLine* editor, int) -> unsigned char {
           state_of<State>(editor).interrupted = true;
           el_push(editor, "\n");  // leaves a line of several rows at its bottom
           return CC_NORM;
         }));
  el_set(state.editor, EL_BIND, "^C", "interrupt-input", nullptr);
  el_set(state.editor, EL_ADDFN, "insert-paste", "inserts what is pasted",
         static_cast<Function>(insert_paste));
  el_set(state.editor, EL_BIND, "\\e[200~", "insert-paste", nullptr);
}

LineEditor::~LineEditor() {
  history_end(state_->history);
  el_end(state_->editor);
}

LineEditor::Line LineEditor::read(const char* prompt) {
  state_->prompt = prompt;
  state_->interrupted = false;
  el_resize(state_->editor);
  if (state_->brackets_pastes) ask_terminal("\x1b[?2004h");
  int length = 0;
  const char* line = el_gets(state_->editor, &length);
  if (state_->brackets_pastes) ask_terminal("\x1b[?2004l");
  if (state_->interrupted) return {.end = End::kInterrupted};
  if (line == nullptr || length <= 0) return {.end = End::kEndOfInput};
  std::string text(line, static_cast<size_t>(length));
  if (text.ends_with('\n')) text.pop_back();
  return {.text = std::move(text)};
}

void LineEditor::remember(const std::string& input) {
  HistEvent event;
  history(state_->history, &event, H_ENTER, input.c_str());
  if (!state_->history_file.empty()) history(state_->history, &event, H_SAVE, state_->history_file.c_str());
}

}  // namespace deepscaler
