// With a tiny model whose answers are noise.
#include "chat/chat.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

constexpr const char* kTemplate =
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}<|endoftext|>{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}";

class ChatTest : public testing::Test {
 protected:
  explicit ChatTest(const std::string& opening = "") {
    byte_tokenizer().save(folder_.path());
    std::string text = kTemplate;
    text.insert(text.rfind("{% endif"), opening);
    std::ofstream(folder_ / "chat_template.jinja") << text;
    tokenizer_.emplace(Tokenizer::load(folder_.path()));
    ModelConfig config =
        read_hf_config(std::filesystem::path(DEEPSCALER_GOLDENS) / "../../recipes/tiny-model");
    config.context = 512;
    model_.emplace(config);
    randomize(*model_, 5, 0.02f);
    generator_.emplace(*model_, int64_t{64} << 20);
    session_.emplace(*generator_, *tokenizer_,
                     ChatSettings{.sampling = {.temperature = 1, .max_response_tokens = 20}});
    chat_.emplace(
        *session_, ChatLook{.columns = [] { return 0; }}, [this](std::string_view text) { written_ += text; },
        [this] { return tokens_before_stop_-- == 0; });
  }

  // What is written for an input.
  std::string say(const std::string& input) {
    written_.clear();
    EXPECT_EQ(chat_->take(input), input != "/bye");
    return written_;
  }
  [[nodiscard]] std::string last() const { return session_->turns().back().content; }

  TemporaryFolder folder_;
  std::optional<Tokenizer> tokenizer_;
  std::optional<Model> model_;
  std::optional<Generator> generator_;
  std::optional<ChatSession> session_;
  std::optional<Chat> chat_;
  int64_t tokens_before_stop_ = -1;
  std::string written_;
};

TEST_F(ChatTest, TurnsAreAnsweredAndOnlyNewTextIsRead) {
  const std::string first = say(std::string(200, 'a'));
  ASSERT_EQ(session_->turns().size(), 2u);
  EXPECT_NE(first.find("20 tokens, "), first.npos) << first;
  EXPECT_NE(first.find("cut: no more tokens were allowed"), first.npos) << first;
  const int64_t used = session_->tokens_in_use();
  const std::string second = say("b");
  ASSERT_EQ(session_->turns().size(), 4u);
  EXPECT_EQ(session_->turns()[2].content, "b");
  EXPECT_GT(session_->tokens_in_use(), used);
  const size_t at = second.find(" read,");
  const std::string read = second.substr(second.rfind(' ', at - 1) + 1, 3);
  EXPECT_LT(std::stoi(read), 150) << second;
  EXPECT_EQ(say("  "), "");
  EXPECT_EQ(session_->turns().size(), 4u);
}

TEST_F(ChatTest, AnAnswerDependsOnTheSeedAndTheTurnsAlone) {
  (void)say("Hello");
  const std::string answer = last();
  (void)say("/regen");
  EXPECT_NE(last(), answer);
  EXPECT_EQ(session_->turns().size(), 2u);
  EXPECT_EQ(say("/clear"), "a new conversation\n");
  EXPECT_TRUE(session_->turns().empty());
  ChatSession again(*generator_, *tokenizer_, session_->settings());
  (void)again.answer(
      "Hello", [](const AnswerPiece&) {}, [] { return false; });
  EXPECT_EQ(again.turns().back().content, answer);
}

TEST_F(ChatTest, AnAnswerThatIsStoppedStays) {
  tokens_before_stop_ = 3;
  const std::string text = say("Hello");
  EXPECT_NE(text.find("\nstopped\n"), text.npos) << text;
  EXPECT_EQ(session_->turns().size(), 2u);
  tokens_before_stop_ = -1;
  (void)say("Go on");
  EXPECT_EQ(session_->turns().size(), 4u);
}

TEST_F(ChatTest, WhatHasNoRoomChangesNothing) {
  (void)say("Hello");
  EXPECT_TRUE(say(std::string(600, 'a')).starts_with("chat: the conversation has "));
  EXPECT_NE(written_.find("and there is room for 512 with its answer; /clear begins a new one\n"),
            written_.npos)
      << written_;
  EXPECT_EQ(session_->turns().size(), 2u);
}

TEST_F(ChatTest, SettingsAreTypedAndInRange) {
  EXPECT_EQ(say("/set temperature 0"), "temperature is 0\n");
  EXPECT_EQ(session_->settings().sampling.temperature, 0);
  EXPECT_EQ(say("/set top_p 2"), "/set top_p: '2' is out of range; give 1e-06 to 1\n");
  EXPECT_EQ(say("/set top_k 1.5"), "/set top_k: '1.5' is out of range; give 0 to 1073741824\n");
  EXPECT_EQ(say("/set seed -1"), "/set seed: '-1' is out of range; give 0 to 1e+18\n");
  EXPECT_EQ(say("/set min_p nan"), "/set min_p: 'nan' is out of range; give 0 to 0.999\n");
  EXPECT_EQ(say("/set thoughts maybe"),
            "/set thoughts: 'maybe' is neither show nor fold; give one of them\n");
  EXPECT_EQ(say("/set temprature 1"), "/set temprature: is no setting; did you mean \"temperature\"?\n");
  EXPECT_EQ(say("/sett"), "/sett: is no command; did you mean \"/set\"?\n");
  EXPECT_EQ(say("/set figures off"), "figures is off\n");
  EXPECT_EQ(say("Hello").find("a second"), std::string::npos);
  EXPECT_EQ(say("/system Be brief."), "the system message is set\n");
  EXPECT_NE(say("/info").find("system              Be brief.\n2 turns, "), std::string::npos) << written_;
  EXPECT_NE(say("/?").find("/load FILE          goes on with a conversation from a file\n"),
            std::string::npos);
  EXPECT_EQ(say("/bye"), "");
}

TEST_F(ChatTest, ConversationsAreSavedAndGoneOnWith) {
  const std::string path = (folder_ / "talk.json").string();
  (void)say("/system Be brief.");
  (void)say("Hello");
  EXPECT_EQ(say("/save " + path), "2 turns are in " + path + "\n");
  EXPECT_EQ(say("/save " + path), path + ": is there already; name another file\n");
  EXPECT_EQ(say("/save"), "/save: needs the name of a file; write /save FILE\n");
  const std::string answer = last();
  (void)say("/clear");
  (void)say("/system");
  EXPECT_EQ(say("/load " + path), "2 turns from " + path + "\n");
  EXPECT_EQ(last(), answer);
  EXPECT_EQ(session_->settings().system, "Be brief.");
  const auto refusal = [&](const std::string& text) {
    write_file_atomically(folder_ / "bad.json", text);
    const std::string said = say("/load " + (folder_ / "bad.json").string());
    return said.substr((folder_ / "bad.json").string().size());
  };
  const std::string remedy = "; name a file that /save wrote\n";
  EXPECT_EQ(refusal("{}"), ": has no list \"messages\"" + remedy);
  EXPECT_EQ(refusal(R"({"messages": [{"role": "user"}]})"), ": a message has no text \"content\"" + remedy);
  EXPECT_EQ(refusal(R"({"messages": [{"role": "user", "content": "x"}]})"),
            ": the last message has no answer" + remedy);
  EXPECT_EQ(refusal(R"({"messages": [{"role": "tool", "content": "x"}]})"),
            ": message 1 is of the role tool, where user and assistant take turns" + remedy);
  EXPECT_EQ(last(), answer);
}

TEST_F(ChatTest, ItsOwnLinesBreakBetweenWordsToo) {
  Chat narrow(
      *session_, ChatLook{.columns = [] { return 12; }}, [this](std::string_view text) { written_ += text; },
      [] { return false; });
  EXPECT_TRUE(narrow.take("/clear"));
  EXPECT_EQ(written_, "a new\nconversation\n");
}

class ThinkingChatTest : public ChatTest {
 protected:
  ThinkingChatTest() : ChatTest("<think>") {}
};

TEST_F(ThinkingChatTest, ThoughtsAreKeptApart) {
  EXPECT_EQ(say("/thoughts"), "/thoughts: the last answer has none; not every model tells them\n");
  EXPECT_TRUE(say("Hello").starts_with("Thinking ...\n")) << written_;
  EXPECT_EQ(last(), "");
  EXPECT_FALSE(session_->turns().back().thoughts.empty());
  EXPECT_TRUE(say("/thoughts").starts_with("Thinking ...\n"));
  (void)say("/set thoughts fold");
  EXPECT_TRUE(say("/regen").starts_with("Thinking ... (/thoughts shows what)\n\n")) << written_;
  // Alone, a question has its answer and nothing else.
  written_.clear();
  EXPECT_TRUE(chat_->answer_once("Hello").was_cut);
  EXPECT_EQ(written_, "");
}

}  // namespace
}  // namespace deepscaler
