#include "data/demonstration.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

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

// A tokenizer may put a token before every text, and one behind it.
TEST_F(DemonstrationTest, APromptGetsOneBeginningAndNoEnd) {
  Json file = Json::parse(read_file(folder_ / "tokenizer.json"));
  const Json end = {{"SpecialToken", {{"id", "<|endoftext|>"}, {"type_id", 0}}}};
  const Json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  file["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single", {end, text, end}},
      {"pair", Json::array()},
      {"special_tokens", {{"<|endoftext|>", {{"id", "<|endoftext|>"}, {"ids", {kByteTokenizerEos}}}}}}};
  write_file_atomically(folder_ / "tokenizer.json", file.dump());
  const Tokenizer tokenizer = Tokenizer::load(folder_.path());
  const PromptEncoder encoder(tokenizer, {});
  const auto read = [&](const std::string& record) -> std::string {
    try {
      return shown(read_demonstration(Json::parse(record), "a.jsonl:3", encoder, LossOn::kCompletions));
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(read(R"({"prompt": "a", "completion": "b"})"), "$a[b$]");
  EXPECT_EQ(read(R"({"text": "ab"})"), "$[ab$]");
  const std::string twice =
      ": the text begins with <|endoftext|>, which the tokenizer puts before every text: the "
      "model would read it twice; leave it out of the text";
  EXPECT_EQ(read(R"({"prompt": "<|endoftext|>a", "completion": "b"})"), "a.jsonl:3" + twice);
  EXPECT_EQ(read(R"({"text": "<|endoftext|>ab"})"), "a.jsonl:3" + twice);
  EXPECT_EQ(
      read(R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})"),
      "<user>a$\n<assistant>[b$]");
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
  EXPECT_EQ(read(R"({"prompt": "", "completion": ""})"),
            "a.jsonl:3: it has no token to learn: nothing comes before its first one; give it a prompt or a "
            "longer text");
  EXPECT_EQ(read(R"({"problem": "a", "answer": "1"})"),
            "a.jsonl:3: the problem has no worked solution; an sft stage needs problems with solutions");
  const Tokenizer plain = byte_tokenizer();
  const PromptEncoder encoder(plain, {});
  EXPECT_THROW((void)read_demonstration(Json::parse(kTwoTurns), "a.jsonl:3", encoder, LossOn::kAll), Error);
}

// Of a turn all is learned up to the last token that ends a response; what the template writes behind it is
// not.
TEST_F(DemonstrationTest, WhatFollowsAnEndInsideATurnIsLearned) {
  EXPECT_EQ(read(R"({"messages": [{"role": "user", "content": "a"},
                                  {"role": "assistant", "content": "x<|endoftext|>yy"}]})"),
            "<user>a$\n<assistant>[x$yy$]");
}

TEST_F(DemonstrationTest, ATurnWithoutAnEndGetsOne) {
  const Tokenizer tokenizer =
      with_template("{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}");
  const PromptEncoder encoder(tokenizer, {});
  const auto turns = [&](const std::string& record) {
    return shown(read_demonstration(Json::parse(record), "a", encoder, LossOn::kCompletions));
  };
  EXPECT_EQ(turns(kTwoTurns), "<user>1+1?\n[<assistant>2\n]<user>+1?\n[<assistant>3\n$]");
}

// The template ends turns with another token than the tokenizer's.
TEST_F(DemonstrationTest, ATurnEndsAsTheTemplateEndsIt) {
  Json config = Json::parse(read_file(folder_ / "tokenizer_config.json"));
  config["chat_template"] =
      "{% for m in messages %}<{{ m.role }}>{{ m.content }}<|im_end|>\n{% endfor %}"
      "{% if add_generation_prompt %}<assistant>{% endif %}";
  config["additional_special_tokens"] = {"<|im_end|>"};
  write_file_atomically(folder_ / "tokenizer_config.json", config.dump());
  Tokenizer tokenizer = Tokenizer::load(folder_.path());
  tokenizer.end_responses_at({kByteTokenizerEos, 257});
  const PromptEncoder encoder(tokenizer, {});
  const auto learned = [&](const std::string& record) {
    const Demonstration d = read_demonstration(Json::parse(record), "a", encoder, LossOn::kCompletions);
    return std::vector<TokenId>(d.tokens.end() - d.learned(), d.tokens.end());
  };
  EXPECT_EQ(
      learned(R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})"),
      (std::vector<TokenId>{'b', 257}));
  EXPECT_EQ(learned(R"({"prompt": [{"role": "user", "content": "a"}], "completion": "b"})"),
            (std::vector<TokenId>{'b', 257}));
  EXPECT_EQ(learned(R"({"prompt": "a", "completion": "b"})"), (std::vector<TokenId>{'b', kByteTokenizerEos}));
}

TEST_F(DemonstrationTest, AMessageCanBeLeftOutOfTheLoss) {
  for (const char* off :
       {R"("weight": 0)", R"("train": false)", R"("trainable": false)", R"("loss_mask": 0)"}) {
    EXPECT_EQ(
        read(std::string(R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", )") + off +
             R"(, "content": "b"}, {"role": "user", "content": "c"},
                      {"role": "assistant", "content": "d", "weight": 1, "train": true}]})"),
        "<user>a$\n<assistant>b$\n<user>c$\n<assistant>[d$]")
        << off;
  }
  EXPECT_EQ(
      read(
          R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0.5}]})"),
      "a.jsonl:3: message 2 has a \"weight\" of 0.5; a message is learned (1, true) or not (0, false)");
  EXPECT_EQ(
      read(
          R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0}]})"),
      "a.jsonl:3: its messages have no turn of the assistant to learn; end them with "
      "{\"role\": \"assistant\", ...}");
}

// The chain of thought is part of the last turn, which a template may strip as it strips earlier ones.
TEST_F(DemonstrationTest, ATemplateThatLeavesOutWhatIsLearnedIsRefused) {
  const auto attempt = [&](const char* source, const std::string& record) -> std::string {
    const Tokenizer tokenizer = with_template(source);
    try {
      return shown(read_demonstration(Json::parse(record), "a.jsonl:3", PromptEncoder(tokenizer, {}),
                                      LossOn::kCompletions));
    } catch (const Error& error) {
      return error.what();
    }
  };
  const std::string thinking =
      R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>hm</think>b"}]})";
  const std::string way_out = "; give the messages before it as \"prompt\" and its text as \"completion\"";
  EXPECT_EQ(
      attempt(
          "{% for m in messages %}<{{ m.role }}>{{ m.content.split('</think>')[-1] }}<|endoftext|>{% endfor "
          "%}{% if add_generation_prompt %}<assistant>{% endif %}",
          thinking),
      "a.jsonl:3: the chat template leaves out a part of message 2's \"content\" (a chain of thought, say), "
      "which would not be learned" +
          way_out);
  EXPECT_EQ(attempt(kTemplate, R"({"messages": [{"role": "user", "content": "a"},
                                  {"role": "assistant", "reasoning_content": "hm", "content": "b"}]})"),
            "a.jsonl:3: the chat template leaves out a part of message 2's \"reasoning_content\" (a chain of "
            "thought, "
            "say), which would not be learned" +
                way_out);
  // White space may be moved.
  EXPECT_EQ(
      attempt(
          "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}<|endoftext|>{% endfor %}",
          R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": " b c\n"}]})"),
      "<user>a$[<assistant>b c$]");
}

TEST_F(DemonstrationTest, OtherFormatsOfConversations) {
  EXPECT_EQ(read(R"({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]})"),
            "<user>a$\n<assistant>[b$]");
  EXPECT_EQ(read(R"({"system": "s", "conversations": [{"from": "human", "value": "a"},
                     {"from": "gpt", "value": "b", "weight": 0}, {"from": "human", "value": "c"}, {"from": "gpt", "value": "d"}]})"),
            "<system>s$\n<user>a$\n<assistant>b$\n<user>c$\n<assistant>[d$]");
  EXPECT_EQ(
      read(R"({"conversations": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})"),
      "<user>a$\n<assistant>[b$]");
  EXPECT_EQ(
      read(R"({"conversations": [{"from": "bard", "value": "a"}]})"),
      "a.jsonl:3: message 1 of its \"conversations\" is from 'bard'; known are human, gpt, system, tool and "
      "observation");
  EXPECT_EQ(read(R"({"instruction": "add", "input": "1 1", "output": "2"})"),
            "<user>add\n1 1$\n<assistant>[2$]");
  EXPECT_EQ(
      read(R"({"instruction": "q", "input": "", "output": "r", "system": "s", "history": [["a", "b"]]})"),
      "<system>s$\n<user>a$\n<assistant>[b$]\n<user>q$\n<assistant>[r$]");
}

TEST_F(DemonstrationTest, ToolsReachTheTemplateInTheOrderOfTheRecord) {
  const Tokenizer tokenizer = with_template(
      "{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}<{{ m.role }}>{% if m.tool_calls "
      "%}"
      "{{ m.tool_calls[0].arguments | tojson }}{% endif %}{{ m.content if m.content else '' "
      "}}<|endoftext|>{% endfor %}");
  const PromptEncoder encoder(tokenizer, {});
  const auto turns = [&](const std::string& tools) {
    return shown(read_demonstration(
        Json::parse(R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": null,
                     "tool_calls": [{"arguments": {"z": 1, "a": 2}}]}], "tools": )" +
                    tools + "}"),
        "a", encoder, LossOn::kCompletions));
  };
  const std::string expected = R"([{"name": "f", "args": {}}]<user>a$[<assistant>{"z": 1, "a": 2}$])";
  EXPECT_EQ(turns(R"([{"name": "f", "args": {}}])"), expected);
  EXPECT_EQ(turns(R"("[{\"name\": \"f\", \"args\": {}}]")"), expected);
  // What names a record does not depend on the order of its keys.
  EXPECT_EQ(
      read_demonstration(
          Json::parse(
              R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})"),
          "a", encoder_, LossOn::kAll)
          .id,
      read_demonstration(
          Json::parse(
              R"({"messages": [{"content": "a", "role": "user"}, {"content": "b", "role": "assistant"}]})"),
          "a", encoder_, LossOn::kAll)
          .id);
}

TEST_F(DemonstrationTest, FilesAreReadInOrderAndTheirFaultsNamed) {
  const auto refusal = [&](const std::string& text) -> std::string {
    const std::filesystem::path path = folder_ / "a.jsonl";
    write_file_atomically(path, text);
    try {
      (void)read_demonstrations({&path, 1}, encoder_, LossOn::kAll, TraceChoice::kVerified);
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
  const auto read =
      read_demonstrations(both, encoder_, LossOn::kCompletions, TraceChoice::kAll).demonstrations;
  ASSERT_EQ(read.size(), 4u);
  EXPECT_EQ(read[3].where, (folder_ / "a.jsonl").string() + ":3");
  EXPECT_EQ(read[0].id, read[3].id) << "an id comes from the text alone";
  EXPECT_NE(read[0].id, read[1].id);
  EXPECT_EQ(read[1].learned(), 1);
}

// Traces come before a record's messages, follow the prompt of the problem, and break off nowhere.
TEST_F(DemonstrationTest, TracesAreDemonstrationsOfTheirProblem) {
  const std::filesystem::path path = folder_ / "traces.jsonl";
  const std::string record =
      R"({"problem": "1+1?", "answer": "2", "generations": ["<think>\na\n</think>\n\\boxed{2}",
          "<think>\nb\n</think>\n\\boxed{3}", "<think>\nc", "d \\boxed{2}"],
          "messages": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "e"}]})";
  const auto read = [&](const std::string& line, const PromptEncoder& encoder, TraceChoice choice) {
    write_file_atomically(path, Json::parse(line).dump() + "\n");
    DemonstrationSet set = read_demonstrations({&path, 1}, encoder, LossOn::kCompletions, choice);
    std::string all;
    for (const Demonstration& d : set.demonstrations) all += shown(d) + "|";
    return all + describe(set.traces);
  };
  const PromptConfig bare = {.text = "{problem}"};
  const PromptEncoder encoder(tokenizer_, bare);
  EXPECT_EQ(read(record, encoder, TraceChoice::kVerified),
            "<user>1+1?$\n<assistant>[<think>\na\n</think>\n\\boxed{2}$]|"
            "<user>1+1?$\n<assistant>[d \\boxed{2}$]|"
            "2 of 4 traces to 1 problems: 1 break off, 1 are wrong");
  EXPECT_EQ(read_demonstrations({&path, 1}, encoder, LossOn::kAll, TraceChoice::kAll).demonstrations[0].id,
            read_demonstrations({&path, 1}, encoder, LossOn::kAll, TraceChoice::kAll).demonstrations[2].id)
      << "traces to one problem stand on one side of a split";
  try {
    (void)read(record, encoder, TraceChoice::kStated);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), path.string() +
                                ": no trace is left to learn: 0 of 4 traces to 1 problems: 1 break off, 3 "
                                "can't be decided; give problems an \"answer\", or set traces = \"all\"");
  }
  // A prompt that opens the thinking itself.
  const Tokenizer thinking = with_template(kThinkingTemplate);
  EXPECT_EQ(read(record, PromptEncoder(thinking, bare), TraceChoice::kVerified),
            "<user>1+1?$<assistant><think>\n[a\n</think>\n\\boxed{2}$]|"
            "<user>1+1?$<assistant><think>\n[d \\boxed{2}$]|"
            "2 of 4 traces to 1 problems: 1 break off, 1 are wrong");
}

TEST_F(DemonstrationTest, AConversationOfOpenThoughtsIsReadWithThinkMarks) {
  const std::string user =
      R"({"conversations": [{"from": "user", "value": "1+1?"}, {"from": "assistant", "value": )";
  EXPECT_EQ(
      read(user + R"("<|begin_of_thought|>\n\na\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n2\n\n)"
                  R"(<|end_of_solution|>"}]})"),
      "<user>1+1?$\n<assistant>[<think>\na\n</think>\n\n2$]");
  // Nothing to compare with, so it is learned unless it breaks off.
  const std::filesystem::path path = folder_ / "conversations.jsonl";
  write_file_atomically(path, user + R"("<|begin_of_thought|>a"}]})" + "\n" + user + "\"<think>a\"}]}\n" +
                                  user + "\"<think>a</think>2\"}]}\n");
  const DemonstrationSet set =
      read_demonstrations({&path, 1}, encoder_, LossOn::kCompletions, TraceChoice::kVerified);
  ASSERT_EQ(set.demonstrations.size(), 1u);
  EXPECT_EQ(set.demonstrations[0].where, path.string() + ":3");
  EXPECT_EQ(describe(set.traces), "0 of 2 traces to 2 problems: 2 break off");
}

}  // namespace
}  // namespace deepscaler
