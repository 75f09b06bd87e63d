#include "corpus/steps/choices.h"

#include <optional>
#include <vector>

#include "base/trim.h"

namespace deepscaler {
namespace {

struct Mark {
  size_t begin, end;  // of the mark in the text
  char letter;
};

bool is_option(char c) { return c >= 'A' && c <= 'H'; }

// "(A)", which LaTeX may dress: "\textbf{(A)}", "\text{(A)}", "$\textbf{(A) }$", "\mathrm{(A)}".
std::optional<Mark> bracketed_mark(std::string_view text, size_t at) {
  constexpr std::string_view kCommands[] = {"\\textbf{", "\\text{", "\\mathrm{", "\\textrm{", "\\mathbf{"};
  size_t next = at;
  bool dressed = false;
  for (const std::string_view command : kCommands) {
    if (!dressed && text.substr(at).starts_with(command)) {
      next += command.size();
      dressed = true;
    }
  }
  if (next + 2 >= text.size() || text[next] != '(' || !is_option(text[next + 1])) return std::nullopt;
  const char letter = text[next + 1];
  next += 2;
  if (text[next] != ')') return std::nullopt;
  ++next;
  while (dressed && next < text.size() && text[next] == ' ') ++next;
  if (dressed && (next == text.size() || text[next++] != '}')) return std::nullopt;
  return Mark{at, next, letter};
}

// "A." or "A)" or "A:" at the beginning of a line.
std::optional<Mark> line_mark(std::string_view text, size_t at) {
  const bool begins = at == 0 || text[at - 1] == '\n';
  if (!begins || at + 2 >= text.size() || !is_option(text[at])) return std::nullopt;
  constexpr std::string_view kEnds = ".):";
  if (kEnds.find(text[at + 1]) == std::string_view::npos || text[at + 2] != ' ') return std::nullopt;
  return Mark{at, at + 2, text[at]};
}

// Without the spacing and dollar signs around a value.
std::string value_between(std::string_view text) {
  constexpr std::string_view kSpacing[] = {"\\qquad", "\\quad", "\\\\", "\\ ", "\\,", "\\;", "~"};
  text = trim(text);
  for (bool changed = true; changed;) {
    changed = false;
    for (const std::string_view space : kSpacing) {
      if (text.starts_with(space)) text.remove_prefix(space.size()), changed = true;
      if (text.ends_with(space)) text.remove_suffix(space.size()), changed = true;
    }
    text = trim(text);
  }
  if (!text.empty() && text.find('$') == text.size() - 1)
    text.remove_suffix(1);  // of the formula around all options
  if (!text.empty() && text.front() == '$' && text.find('$', 1) == std::string_view::npos)
    text.remove_prefix(1);
  if (text.ends_with('.') || text.ends_with(',') || text.ends_with(';')) text.remove_suffix(1);
  return std::string(trim(text));
}

}  // namespace

std::map<char, std::string> choices_of(std::string_view problem) {
  std::vector<Mark> marks;
  for (size_t at = 0; at < problem.size(); ++at) {
    auto mark = bracketed_mark(problem, at);
    if (!mark) mark = line_mark(problem, at);
    if (!mark) continue;
    if (mark->letter == 'A') marks.clear();  // the options come last
    const char expected = static_cast<char>('A' + marks.size());
    if (mark->letter == expected) marks.push_back(*mark);
    at = mark->end - 1;
  }
  std::map<char, std::string> choices;
  if (marks.size() < 2) return choices;
  for (size_t i = 0; i < marks.size(); ++i) {
    const size_t end = i + 1 < marks.size() ? marks[i + 1].begin : problem.size();
    choices[marks[i].letter] = value_between(problem.substr(marks[i].end, end - marks[i].end));
  }
  return choices;
}

char chosen_letter(std::string_view answer) {
  answer = trim(answer);
  if (answer.size() == 1 && is_option(answer[0])) return answer[0];
  const auto mark = bracketed_mark(answer, 0);
  return mark ? mark->letter : '\0';
}

}  // namespace deepscaler
