#include "data/demonstration.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

using Json = nlohmann::json;

// Every turn is "<role>content<|endoftext|>\n".
constexpr const char* kTemplate =
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}<|endoftext|>\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}";
// Takes the chain of thought out of all turns, as that of R1-Distill does.
constexpr const char* kThinkingTemplate =
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'].split('</think>')[-1] }}<|endoftext|>{% endfor "
    "%}"
    "{% if add_generation_prompt %}<assistant><think>\n{% endif %}";
constexpr const char* kTwoTurns =
    R"({"messages": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"},
                     {"role": "user", "content": "+1?"}, {"role": "assistant", "content": "3"}]})";

class DemonstrationTest : public testing::Test {
 protected:
  // The byte tokenizer, with a chat template.
  Tokenizer with_template(const std::string& chat_template) {
    byte_tokenizer().save(folder_.path());
    Json config = Json::parse(read_file(folder_ / "tokenizer_config.json"));
    config["chat_template"] = chat_template;
    write_file_atomically(folder_ / "tokenizer_config.json", config.dump());
    return Tokenizer::load(folder_.path());
  }

  // The tokens as text, those with a loss in brackets, the end-of-text token as "$".
  static std::string shown(const Demonstration& d) {
    std::string text;
    bool inside = false;
    for (size_t i = 0; i < d.tokens.size(); ++i) {
      const bool learned = d.in_loss[i] != 0;
      if (learned != inside) text += learned ? "[" : "]";
      inside = learned;
      text += d.tokens[i] == kByteTokenizerEos ? '$' : static_cast<char>(d.tokens[i]);
    }
    return text + (inside ? "]" : "");
  }
  std::string read(const std::string& record, LossOn loss_on = LossOn::kCompletions) {
    try {
      return shown(read_demonstration(Json::parse(record), "a.jsonl:3", encoder_, loss_on));
    } catch (const Error& error) {
      return error.what();
    }
  }

  TemporaryFolder folder_;
  Tokenizer tokenizer_ = with_template(kTemplate);
  PromptEncoder encoder_{tokenizer_, {}};
};

TEST_F(DemonstrationTest, OnlyTheAssistantsTurnsOfAConversationAreLearned) {
  EXPECT_EQ(read(kTwoTurns), "<user>1+1?$\n<assistant>[2$]\n<user>+1?$\n<assistant>[3$]");
  EXPECT_EQ(read(kTwoTurns, LossOn::kAll), "<[user>1+1?$\n<assistant>2$\n<user>+1?$\n<assistant>3$\n]");
  EXPECT_EQ(
      read(R"({"messages": [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "?"}]})"),
      "<assistant>[Hi$]");
}

TEST_F(DemonstrationTest, OnlyTheCompletionIsLearned) {
  EXPECT_EQ(read(R"({"prompt": "1 + 1 =", "completion": " 2"})"), "1 + 1 =[ 2$]");
  EXPECT_EQ(read(R"({"prompt": "1 + 1 =", "completion": " 2<|endoftext|>"})"), "1 + 1 =[ 2$]");
  EXPECT_EQ(read(R"({"prompt": "1 + 1 =", "completion": " 2"})", LossOn::kAll), "1[ + 1 = 2$]");
  EXPECT_EQ(read(R"({"prompt": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
                                {"role": "user", "content": "c"}],
                     "completion": [{"role": "assistant", "content": "d"}], "id": 7})"),
            "<user>a$\n<assistant>b$\n<user>c$\n<assistant>[d$]");
  EXPECT_EQ(read(R"({"prompt": [{"role": "user", "content": "a"}], "completion": "d"})"),
            "<user>a$\n<assistant>[d$]");
}

TEST_F(DemonstrationTest, PlainTextAndProblemsWithSolutions) {
  EXPECT_EQ(read(R"({"text": "once"})"), "o[nce$]");
  EXPECT_EQ(read(R"({"question": "How much?", "answer": "1+1=<<1+1=2>>2.\n#### 2"})"),
            "<user>How much? Let's think step by step and output the final answer within \\boxed{}.$\n"
            "<assistant>[1+1=2.\n\\boxed{2}$]");
}

TEST_F(DemonstrationTest, ATemplateThatRewritesEarlierTurnsIsRefused) {
  const Tokenizer tokenizer = with_template(kThinkingTemplate);
  const PromptEncoder encoder(tokenizer, {});
  const auto attempt = [&](const std::string& record) -> std::string {
    try {
      return shown(read_demonstration(Json::parse(record), "a.jsonl:3", encoder, LossOn::kCompletions));
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(
      attempt(kTwoTurns),
      "a.jsonl:3: the chat template does not render message 2 as a continuation of what comes before it; "
      "give the messages before it as \"prompt\" and its text as \"completion\"");
  // The way out that the message names.
  EXPECT_EQ(attempt(R"({"prompt": [{"role": "user", "content": "1+1?"}], "completion": "hm</think>2"})"),
            "<user>1+1?$<assistant><think>\n[hm</think>2$]");
}

TEST_F(DemonstrationTest, WhatIsNoDemonstrationIsRefused) {
  const std::string formats =
      "; a line is {\"messages\": [...]}, {\"prompt\": ..., \"completion\": ...}, {\"text\": ...} or a "
      "problem "
      "with a solution";
  EXPECT_EQ(read("[1]"), "a.jsonl:3: it is not a JSON object" + formats);
  EXPECT_EQ(read(R"({"prompt": "a"})"), "a.jsonl:3: it has none of the keys of a demonstration" + formats);
  EXPECT_EQ(read(R"({"text": 3})"), "a.jsonl:3: its \"text\" is not a text" + formats);
  EXPECT_EQ(read(R"({"prompt": 1, "completion": "b"})"), "a.jsonl:3: its \"prompt\" is not a text" + formats);
  EXPECT_EQ(read(R"({"prompt": [{"role": "user", "content": "a"}], "completion": 2})"),
            "a.jsonl:3: its \"completion\" is not a text" + formats);
  EXPECT_EQ(read(R"({"messages": []})"), "a.jsonl:3: its \"messages\" is not a list of messages" + formats);
  EXPECT_EQ(read(R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant"}]})"),
            "a.jsonl:3: message 2 of its \"messages\" has no \"content\" that is a text; a message is "
            "{\"role\": text, \"content\": text}");
  EXPECT_EQ(read(R"({"messages": [{"role": "user", "content": "a"}]})"),
            "a.jsonl:3: its messages have no turn of the assistant to learn; end them with "
            "{\"role\": \"assistant\", ...}");
  EXPECT_EQ(read(R"({"tools": [], "text": "a"})"),
            "a.jsonl:3: \"tools\" are not supported; write them into the system message");
  EXPECT_EQ(read(R"({"prompt": "", "completion": ""})"),
            "a.jsonl:3: it has no token to learn: nothing comes before its first one; give it a prompt or a "
            "longer text");
  EXPECT_EQ(read(R"({"problem": "a", "answer": "1"})"),
            "a.jsonl:3: the problem has no worked solution; an sft stage needs problems with solutions");
  const Tokenizer plain = byte_tokenizer();
  const PromptEncoder encoder(plain, {});
  EXPECT_THROW((void)read_demonstration(Json::parse(kTwoTurns), "a.jsonl:3", encoder, LossOn::kAll), Error);
}

TEST_F(DemonstrationTest, FilesAreReadInOrderAndTheirFaultsNamed) {
  const auto refusal = [&](const std::string& text) -> std::string {
    const std::filesystem::path path = folder_ / "a.jsonl";
    write_file_atomically(path, text);
    try {
      (void)read_demonstrations({&path, 1}, encoder_, LossOn::kAll);
    } catch (const Error& error) {
      return std::string(error.what()).substr(folder_.path().string().size() + 1);
    }
    return "accepted";
  };
  EXPECT_EQ(refusal("\n\n"),
            "a.jsonl: it holds no demonstrations; a line is {\"messages\": [...]}, {\"prompt\": ..., "
            "\"completion\": ...}, {\"text\": ...} or a problem with a solution");
  EXPECT_EQ(refusal("{\"text\": \"a\"}\n{\"text\": \n").substr(0, 10), "a.jsonl:2:");
  write_file_atomically(folder_ / "b.json", R"([{"text": "b"}, {"text": "c"}])");
  write_file_atomically(folder_ / "a.jsonl", "{\"text\": \"a\"}\n\n{\"text\": \"b\"}\n");
  const std::vector<std::filesystem::path> both = {folder_ / "b.json", folder_ / "a.jsonl"};
  const auto read = read_demonstrations(both, encoder_, LossOn::kCompletions);
  ASSERT_EQ(read.size(), 4u);
  EXPECT_EQ(read[3].where, (folder_ / "a.jsonl").string() + ":3");
  EXPECT_EQ(read[0].id, read[3].id) << "an id comes from the text alone";
  EXPECT_NE(read[0].id, read[1].id);
  EXPECT_EQ(read[1].learned(), 1);
}

}  // namespace
}  // namespace deepscaler
