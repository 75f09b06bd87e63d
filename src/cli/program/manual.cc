#include "cli/program/manual.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace deepscaler {
namespace {

// An option of a command, or a word that it takes.
struct Argument {
  std::vector<std::string> names;  // "--input", "-h"; of a word its name alone
  std::string description;
  std::string value;                 // what it takes, "INT=4"; empty for a flag
  std::vector<std::string> choices;  // all that the value may be; empty where it may be anything
};

struct Command {
  std::vector<std::string> words;  // "bench", "decode"; none for the program itself
  std::string description;
  std::vector<Argument> options;
  std::vector<Argument> positionals;
  std::vector<std::pair<std::string, std::string>> commands;  // below it: name and description
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts = {""};
  for (const char c : text) {
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

// Checks of a value describe themselves in its type: "TEXT:{boxed,any}".
std::vector<std::string> choices_of(const std::string& type) {
  const size_t open = type.find('{'), close = type.rfind('}');
  if (open == type.npos || close == type.npos) return {};
  return split(type.substr(open + 1, close - open - 1), ',');
}

Argument argument_of(const CLI::Option& option) {
  Argument argument;
  argument.description = option.get_description();
  if (option.get_items_expected_max() > 0) {
    argument.value = option.get_type_name();
    argument.choices = choices_of(argument.value);
    if (!option.get_default_str().empty()) argument.value += "=" + option.get_default_str();
  }
  if (option.get_positional()) argument.names = {option.get_name(true)};
  for (const std::string& name : option.get_snames()) argument.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) argument.names.push_back("--" + name);
  return argument;
}

using Apps = std::vector<const CLI::App*>;

// What the library keeps below a command: its groups of options, which have no name, or commands, which have.
Apps below(const CLI::App& app, bool named) {
  return app.get_subcommands([named](const CLI::App* inner) { return inner->get_name().empty() != named; });
}

void add_arguments(const CLI::App& app, Command& command) {
  for (const CLI::Option* option : app.get_options()) {
    (option->get_positional() ? command.positionals : command.options).push_back(argument_of(*option));
  }
  for (const CLI::App* group : below(app, false)) add_arguments(*group, command);
}

// The program itself, and every command with those below it.
void collect(const CLI::App& app, const std::vector<std::string>& words, std::vector<Command>& commands) {
  Command command{.words = words, .description = app.get_description()};
  add_arguments(app, command);
  const Apps inner_commands = below(app, true);
  for (const CLI::App* inner : inner_commands)
    command.commands.emplace_back(inner->get_name(), inner->get_description());
  commands.push_back(command);
  for (const CLI::App* inner : inner_commands) {
    std::vector<std::string> inner_words = words;
    inner_words.push_back(inner->get_name());
    collect(*inner, inner_words, commands);
  }
}

std::vector<Command> commands_of(const CLI::App& app) {
  std::vector<Command> commands;
  collect(app, {}, commands);
  return commands;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

std::string replaced(std::string text, std::string_view old_part, std::string_view new_part) {
  for (size_t at = 0; (at = text.find(old_part, at)) != text.npos; at += new_part.size()) {
    text.replace(at, old_part.size(), new_part);
  }
  return text;
}

// Text between the markup of roff, which takes backslashes, hyphens, and dots at the start of a line for its
// own.
std::string roff(const std::string& text) {
  return "\\&" + replaced(replaced(replaced(text, "\\", "\\e"), "-", "\\-"), "\n", " ");
}

std::string roff_of(const Argument& argument) {
  std::vector<std::string> names;
  for (const std::string& name : argument.names) names.push_back("\\fB" + roff(name) + "\\fR");
  // A list of many values may be broken after a comma.
  const std::string value = argument.value.empty() ? "" : " " + replaced(roff(argument.value), ",", ",\\:");
  return fmt::format(".TP\n{}{}\n{}\n", joined(names, ", "), value, roff(argument.description));
}

std::string bash_quoted(const std::string& text) { return "'" + replaced(text, "'", "'\\''") + "'"; }

// "verify", "bench decode": the words of a command in one.
std::string path_of(const Command& command) { return joined(command.words, " "); }

std::vector<std::string> words_after(const Command& command) {
  std::vector<std::string> words;
  for (const auto& [name, description] : command.commands) words.push_back(name);
  for (const Argument& option : command.options) {
    for (const std::string& name : option.names) words.push_back(name);
  }
  return words;
}

// zsh's form of an option or a word: '--extract[Where ...]:TEXT:(boxed any)'.
std::string zsh_spec(const Argument& argument, const std::string& name) {
  const bool is_option = name.starts_with("-");
  const std::string description = replaced(
      replaced(replaced(replaced(argument.description, "\\", "\\\\"), "[", "\\["), "]", "\\]"), ":", "\\:");
  std::string spec = is_option ? fmt::format("{}[{}]", name, description) : "";
  if (!is_option || !argument.value.empty()) {
    const std::string action =
        argument.choices.empty() ? "_files" : "(" + joined(argument.choices, " ") + ")";
    spec += fmt::format(":{}:{}", is_option ? "value" : name, action);
  }
  return "    " + bash_quoted(spec);
}

}  // namespace

std::string man_page(const CLI::App& app) {
  const std::vector<Command> commands = commands_of(app);
  std::string page = fmt::format(
      ".TH DEEPSCALER 1 \"\" \"deepscaler {}\" \"User Commands\"\n.SH NAME\ndeepscaler \\- {}\n.SH SYNOPSIS\n"
      ".B deepscaler\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.SH OPTIONS\n",
      DEEPSCALER_VERSION, roff(app.get_description()));
  for (const Argument& option : commands[0].options) page += roff_of(option);
  page += ".SH COMMANDS\n";
  for (size_t i = 1; i < commands.size(); ++i) {
    const Command& command = commands[i];
    std::string usage = "deepscaler " + path_of(command);
    for (const Argument& positional : command.positionals) usage += " " + positional.names[0];
    page += fmt::format(".SS {}\n{}\n", roff(usage), roff(command.description));
    for (const Argument& positional : command.positionals) page += roff_of(positional);
    for (const Argument& option : command.options) page += roff_of(option);
  }
  return page +
         ".SH EXIT STATUS\n0 when all is done, 1 for bad input or a failed run, which one line on standard "
         "error "
         "explains, 2 for a wrong command line.\n";
}

std::string bash_completion(const CLI::App& app) {
  std::vector<std::string> paths;
  std::string values, words;
  for (const Command& command : commands_of(app)) {
    const std::string path = path_of(command);
    if (!path.empty()) paths.push_back(bash_quoted((command.words.size() == 1 ? " " : "") + path));
    words += fmt::format("    {}) words={} ;;\n", bash_quoted(path),
                         bash_quoted(joined(words_after(command), " ")));
    for (const Argument& option : command.options) {
      if (option.value.empty()) continue;
      for (const std::string& name : option.names) {
        values += fmt::format("    {}) words={} ;;\n", bash_quoted(path + ":" + name),
                              bash_quoted(joined(option.choices, " ")));
      }
    }
  }
  // Where no words are offered the shell offers files.
  return fmt::format(
      R"(# Completions of deepscaler for bash.
_deepscaler() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} command= word words=
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$command $word" in
    {}) command="${{command:+$command }}$word" ;;
    esac
  done
  case "$command:$previous" in
{}    *)
      case "$command" in
{}      esac
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _deepscaler deepscaler
)",
      joined(paths, "|"), values, words);
}

std::string zsh_completion(const CLI::App& app) {
  std::string functions;
  for (const Command& command : commands_of(app)) {
    const std::string name = joined(command.words, "_");
    functions += fmt::format("_deepscaler{}() {{\n", name.empty() ? "" : "_" + name);
    std::vector<std::string> specs;
    for (const Argument& option : command.options) {
      for (const std::string& option_name : option.names) specs.push_back(zsh_spec(option, option_name));
    }
    for (const Argument& positional : command.positionals) {
      specs.push_back(zsh_spec(positional, positional.names[0]));
    }
    if (command.commands.empty()) {
      functions += fmt::format("  _arguments \\\n{}\n}}\n", joined(specs, " \\\n"));
      continue;
    }
    specs.emplace_back("    '1:command:->command' '*::argument:->argument'");
    functions += fmt::format("  local line state\n  local -a commands=(\n");
    for (const auto& [inner, description] : command.commands) {
      functions += fmt::format("    {}\n", bash_quoted(inner + ":" + replaced(description, ":", "\\:")));
    }
    functions += fmt::format(
        "  )\n  _arguments -C \\\n{}\n  case $state in\n  command) _describe command commands ;;\n"
        "  argument) _deepscaler{}_$line[1] ;;\n  esac\n}}\n",
        joined(specs, " \\\n"), name.empty() ? "" : "_" + name);
  }
  return "#compdef deepscaler\n# Completions of deepscaler for zsh.\n" + functions + "_deepscaler \"$@\"\n";
}

std::string fish_completion(const CLI::App& app) {
  std::string lines = "# Completions of deepscaler for fish.\n";
  const auto quoted = [](const std::string& text) {
    return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
  };
  for (const Command& command : commands_of(app)) {
    std::vector<std::string> seen;
    for (const std::string& word : command.words) seen.push_back("__fish_seen_subcommand_from " + word);
    std::vector<std::string> names;
    for (const auto& [name, description] : command.commands) names.push_back(name);
    std::string inside = joined(seen, "; and ");
    if (!names.empty()) {
      inside += (inside.empty() ? "" : "; and ") + ("not __fish_seen_subcommand_from " + joined(names, " "));
    }
    for (const auto& [name, description] : command.commands) {
      lines += fmt::format("complete -c deepscaler -n {} -f -a {} -d {}\n", quoted(inside), name,
                           quoted(description));
    }
    for (const Argument& option : command.options) {
      lines += fmt::format("complete -c deepscaler -n {}", quoted(inside));
      for (const std::string& name : option.names)
        lines += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.choices.empty())
        lines += " -x -a " + quoted(joined(option.choices, " "));
      else if (!option.value.empty())
        lines += " -r";
      lines += " -d " + quoted(option.description) + "\n";
    }
  }
  return lines;
}

}  // namespace deepscaler
