#include "chat/chat.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/trim.h"
#include "chat/answer_display.h"

namespace deepscaler {
namespace {

// The first word and the rest.
std::pair<std::string, std::string> split_word(std::string_view text) {
  text = trim(text);
  const size_t end = std::min(text.find_first_of(" \t\n"), text.size());
  return {std::string(text.substr(0, end)), std::string(trim(text.substr(end)))};
}

template <class Number>
Number read_number(const std::string& name, const std::string& text, double least, double most) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  const bool is_in_range = number >= static_cast<Number>(least) && number <= static_cast<Number>(most);
  if (fault != std::errc() || stop != end || !is_in_range) {
    throw Error("/set " + name, fmt::format("'{}' is out of range", text),
                fmt::format("give {} to {}", least, most));
  }
  return number;
}

bool read_switch(const std::string& name, const std::string& text, const char* on, const char* off) {
  if (text != on && text != off)
    throw Error("/set " + name, fmt::format("'{}' is neither {} nor {}", text, on, off), "give one of them");
  return text == on;
}

constexpr double kMost = 1 << 30;

}  // namespace

struct Chat::Command {
  const char* name;
  const char* arguments;
  const char* help;
  std::function<void(Chat&, const std::string&)> run;
};

const std::vector<Chat::Command>& Chat::commands() {
  static const std::vector<Command> all = {
      {"/set", "NAME VALUE", "how answers are sampled and shown; /set alone lists it",
       [](Chat& chat, const std::string& text) { chat.set(text); }},
      {"/system", "[TEXT]", "the system message; without TEXT none",
       [](Chat& chat, const std::string& text) { chat.set_system(text); }},
      {"/regen", "", "answers the last turn anew",
       [](Chat& chat, const std::string&) {
         chat.answer([&](const auto& on_piece) { return chat.session_.answer_again(on_piece, chat.stop_); });
       }},
      {"/thoughts", "", "what the model thought before its last answer",
       [](Chat& chat, const std::string&) { chat.show_thoughts(); }},
      {"/save", "FILE", "writes the conversation to a new file",
       [](Chat& chat, const std::string& text) { chat.save(text); }},
      {"/load", "FILE", "goes on with a conversation from a file",
       [](Chat& chat, const std::string& text) {
         if (text.empty()) throw Error("/load", "needs the name of a file", "write /load FILE");
         chat.session_.load(text);
         chat.say(fmt::format("{} turns from {}", chat.session_.turns().size(), text));
       }},
      {"/clear", "", "begins a new conversation; the system message stays",
       [](Chat& chat, const std::string&) {
         chat.session_.clear();
         chat.say("a new conversation");
       }},
      {"/info", "", "settings, and the room that is left",
       [](Chat& chat, const std::string&) { chat.show_info(); }},
      {"/?", "", "this list", [](Chat& chat, const std::string&) { chat.show_help(); }},
      {"/bye", "", "leaves, as Ctrl-D does", [](Chat& chat, const std::string&) { chat.leaves_ = true; }}};
  return all;
}

Chat::Chat(ChatSession& session, ChatLook look, Write write, std::function<bool()> stop)
    : session_(session), look_(std::move(look)), write_(std::move(write)), stop_(std::move(stop)) {}

bool Chat::take(const std::string& input) {
  if (trim(input).empty()) return true;
  try {
    if (input.starts_with('/'))
      run_command(input);
    else
      answer([&](const auto& on_piece) { return session_.answer(input, on_piece, stop_); });
  } catch (const Error& error) {
    say(error.what());
  }
  return !leaves_;
}

ChatAnswerFigures Chat::answer_once(const std::string& question) {
  AnswerDisplay display({});
  const ChatAnswerFigures figures = session_.answer(
      question, [&](const AnswerPiece& piece) { write_(display.push({.content = piece.content})); }, stop_);
  write_(display.finish());
  return figures;
}

void Chat::run_command(const std::string& input) {
  const auto [name, arguments] = split_word(input);
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    if (name == command.name) return command.run(*this, arguments);
    names.emplace_back(command.name);
  }
  throw Error(name, "is no command", suggest_name(name, names));
}

void Chat::answer(const std::function<ChatAnswerFigures(const ChatSession::OnPiece&)>& ask) {
  AnswerDisplay display(
      {.columns = look_.columns(), .is_styled = look_.is_styled, .shows_thoughts = look_.shows_thoughts});
  const ChatAnswerFigures figures = ask([&](const AnswerPiece& piece) { write_(display.push(piece)); });
  write_(display.finish());
  if (figures.was_stopped) say("stopped");
  if (figures.was_cut) say("cut: no more tokens were allowed, or there was no more room");
  if (look_.shows_figures) show_figures(figures);
}

void Chat::show_figures(const ChatAnswerFigures& figures) {
  const auto rate = [](int64_t tokens, double seconds) {
    return seconds > 0 ? static_cast<double>(tokens) / seconds : 0.0;
  };
  const int64_t most = session_.most_tokens(), used = session_.tokens_in_use();
  say(fmt::format(
      "{} tokens, {:.1f} a second; {} read, {:.0f} a second; {} of {} in use ({} %)", figures.tokens,
      rate(figures.tokens - 1, figures.answer_s), figures.prompt_tokens - figures.reused_tokens,
      rate(figures.prompt_tokens - figures.reused_tokens, figures.prompt_s), used, most, 100 * used / most));
}

std::string Chat::dim(std::string_view text) const {
  return look_.is_styled ? kDim + std::string(text) + kPlain : std::string(text);
}

void Chat::say(std::string_view line) {
  TerminalText text(look_.columns());
  std::string shown = text.push(line);
  shown += text.finish();
  write_(dim(shown) + "\n");
}

void Chat::set(const std::string& arguments) {
  if (arguments.empty()) return show_info();
  const auto [name, value] = split_word(arguments);
  ChatSettings& settings = session_.settings();
  SamplingConfig& sampling = settings.sampling;
  const std::vector<std::string> names = {
      "temperature",         "top_p", "top_k",    "min_p",  "repetition_penalty",
      "max_response_tokens", "seed",  "thoughts", "figures"};
  if (name == "temperature")
    sampling.temperature = read_number<float>(name, value, 0, 100);
  else if (name == "top_p")
    sampling.top_p = read_number<float>(name, value, 1e-6, 1);
  else if (name == "top_k")
    sampling.top_k = read_number<int64_t>(name, value, 0, kMost);
  else if (name == "min_p")
    sampling.min_p = read_number<float>(name, value, 0, 0.999);
  else if (name == "repetition_penalty")
    sampling.repetition_penalty = read_number<float>(name, value, 1e-6, 100);
  else if (name == "max_response_tokens")
    sampling.max_response_tokens = read_number<int64_t>(name, value, 0, kMost);
  else if (name == "seed")
    settings.seed = read_number<uint64_t>(name, value, 0, 1e18);
  else if (name == "thoughts")
    look_.shows_thoughts = read_switch(name, value, "show", "fold");
  else if (name == "figures")
    look_.shows_figures = read_switch(name, value, "on", "off");
  else
    throw Error("/set " + name, "is no setting", suggest_name(name, names));
  say(fmt::format("{} is {}", name, value));
}

void Chat::set_system(const std::string& text) {
  session_.settings().system = text;
  say(text.empty() ? "no system message of yours" : "the system message is set");
}

void Chat::save(const std::string& path) {
  if (path.empty()) throw Error("/save", "needs the name of a file", "write /save FILE");
  if (std::filesystem::exists(path)) throw Error(path, "is there already", "name another file");
  write_file_atomically(
      path, session_.json().dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  say(fmt::format("{} turns are in {}", session_.turns().size(), path));
}

void Chat::show_info() {
  const ChatSettings& settings = session_.settings();
  for_each_setting(settings.sampling, [&](std::string_view name, const auto& value) {
    if (name != "max_response_tokens") say(fmt::format("{:20}{}", name, value));
  });
  const int64_t most = settings.sampling.max_response_tokens;
  say(fmt::format("{:20}{}", "max_response_tokens",
                  most == 0 ? "0 (as many as there is room for)" : fmt::to_string(most)));
  say(fmt::format("{:20}{}", "seed", settings.seed));
  say(fmt::format("{:20}{}", "thoughts", look_.shows_thoughts ? "show" : "fold"));
  say(fmt::format("{:20}{}", "figures", look_.shows_figures ? "on" : "off"));
  say(fmt::format("{:20}{}", "system", settings.system.empty() ? "none of yours" : settings.system));
  say(fmt::format("{} turns, {} of {} tokens in use", session_.turns().size(), session_.tokens_in_use(),
                  session_.most_tokens()));
}

void Chat::show_thoughts() {
  const auto& turns = session_.turns();
  if (turns.empty() || turns.back().thoughts.empty())
    throw Error("/thoughts", "the last answer has none", "not every model tells them");
  AnswerDisplay display({.columns = look_.columns(), .is_styled = look_.is_styled});
  write_(display.push({.reasoning = turns.back().thoughts}));
  write_(display.finish());
}

void Chat::show_help() {
  for (const Command& command : commands()) {
    say(fmt::format("{:20}{}", fmt::format("{} {}", command.name, command.arguments), command.help));
  }
  say(R"(""" begins and ends a turn of several lines, as \ at the end of a line goes on; Ctrl-C stops an answer)");
}

}  // namespace deepscaler
