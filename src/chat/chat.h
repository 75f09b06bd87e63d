// What a user types in a chat, and what is shown for it: commands that begin with a slash, else a turn that
// the model answers. Writes through a function, so that all of it is tested without a terminal.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat_session.h"

namespace deepscaler {

// How answers look. Styles are ANSI sequences, of which only dim and the reset are used.
struct ChatLook {
  std::function<int64_t()> columns;  // of the terminal now; 0 wraps nothing
  bool is_styled = false;
  bool shows_thoughts = true;  // else they are folded: a line says how many, /thoughts shows them
  bool shows_figures = true;   // tokens a second and room left after each answer
};

// One thread owns it; the session must outlive it.
class Chat {
 public:
  using Write = std::function<void(std::string_view text)>;

  // `stop` is asked while an answer is made: true ends it.
  Chat(ChatSession& session, ChatLook look, Write write, std::function<bool()> stop);

  // Carries out a command, or answers. What goes wrong is said in one line, and the chat goes on. False where
  // the user leaves.
  [[nodiscard]] bool take(const std::string& input);

  // One question, of whose answer only what follows the thoughts is written. Throws Error.
  ChatAnswerFigures answer_once(const std::string& question);

 private:
  struct Command;
  static const std::vector<Command>& commands();

  void run_command(const std::string& input);
  void answer(const std::function<ChatAnswerFigures(const ChatSession::OnPiece&)>& ask);
  void show_figures(const ChatAnswerFigures& figures);
  void say(std::string_view line);  // dim
  [[nodiscard]] std::string dim(std::string_view text) const;

  void set(const std::string& arguments);
  void set_system(const std::string& text);
  void save(const std::string& path);
  void show_info();
  void show_thoughts();
  void show_help();

  ChatSession& session_;
  ChatLook look_;
  Write write_;
  std::function<bool()> stop_;
  bool leaves_ = false;
};

}  // namespace deepscaler
