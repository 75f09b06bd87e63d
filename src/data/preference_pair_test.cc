#include "data/preference_pair.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

class PreferencePairTest : public testing::Test {
 protected:
  PreferencePairTest() {
    byte_tokenizer().save(folder_.path());
    Json config = Json::parse(read_file(folder_ / "tokenizer_config.json"));
    config["chat_template"] =
        "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}<|endoftext|>\n{% endfor %}"
        "{% if add_generation_prompt %}<assistant>{% endif %}";
    write_file_atomically(folder_ / "tokenizer_config.json", config.dump());
    tokenizer_.emplace(Tokenizer::load(folder_.path()));
    encoder_.emplace(*tokenizer_, PromptConfig{});
  }

  // Prompt tokens, then the learned ones in brackets; the end of text as "$".
  static std::string shown(const Demonstration& d) {
    std::string text;
    for (size_t i = 0; i < d.tokens.size(); ++i) {
      if (d.in_loss[i] != 0 && (i == 0 || d.in_loss[i - 1] == 0)) text += "[";
      text += d.tokens[i] == kByteTokenizerEos ? '$' : static_cast<char>(d.tokens[i]);
    }
    return text + "]";
  }
  std::string read(const std::string& record) {
    try {
      const PreferencePair pair = read_preference_pair(Json::parse(record), "a.jsonl:3", *encoder_);
      return shown(pair.chosen) + " > " + shown(pair.rejected);
    } catch (const Error& error) {
      return error.what();
    }
  }

  TemporaryFolder folder_;
  std::optional<Tokenizer> tokenizer_;
  std::optional<PromptEncoder> encoder_;
};

TEST_F(PreferencePairTest, ReadsTextsAndMessages) {
  EXPECT_EQ(read(R"({"prompt": "1+1=", "chosen": "2", "rejected": "33"})"), "1+1=[2$] > 1+1=[33$]");
  EXPECT_EQ(read(R"({"prompt": [{"role": "user", "content": "1+1?"}],
                     "chosen": [{"role": "assistant", "content": "2"}],
                     "rejected": [{"role": "assistant", "content": "3"}]})"),
            "<user>1+1?$\n<assistant>[2$] > <user>1+1?$\n<assistant>[3$]");
}

TEST_F(PreferencePairTest, ThePromptMayBeWhatBothAnswersBeginWith) {
  EXPECT_EQ(read(R"({"chosen": "1+1= 2", "rejected": "1+1= 3"})"), "1+1=[ 2$] > 1+1=[ 3$]");
  EXPECT_EQ(read(R"({"chosen": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}],
                     "rejected": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "3"}]})"),
            "<user>1+1?$\n<assistant>[2$] > <user>1+1?$\n<assistant>[3$]");
  // The prompt stands in both lists; a text beside them repeats it.
  EXPECT_EQ(read(R"({"prompt": "1+1?", "chosen": [{"role": "user", "content": "1+1?"},
                     {"role": "assistant", "content": "2"}], "rejected": [{"role": "user", "content": "1+1?"},
                     {"role": "assistant", "content": "3"}]})"),
            "<user>1+1?$\n<assistant>[2$] > <user>1+1?$\n<assistant>[3$]");
  // U+00E9 and U+00E8 begin with the same byte, which is not cut off.
  EXPECT_EQ(read("{\"chosen\": \"a\u00e9\", \"rejected\": \"a\u00e8\"}"), "a[\u00e9$] > a[\u00e8$]");
}

TEST_F(PreferencePairTest, AProblemHasThePromptOfTheRecipe) {
  EXPECT_EQ(
      read(R"({"problem": "1+1?", "chosen": "2", "rejected": "3"})"),
      "<user>1+1? Let's think step by step and output the final answer within \\boxed{}.$\n<assistant>[2$] > "
      "<user>1+1? Let's think step by step and output the final answer within "
      "\\boxed{}.$\n<assistant>[3$]");
}

TEST_F(PreferencePairTest, KeepsTheMargin) {
  const auto margin = [&](const char* record) {
    return read_preference_pair(Json::parse(record), "a.jsonl:1", *encoder_).margin;
  };
  EXPECT_EQ(margin(R"({"prompt": "a", "chosen": "b", "rejected": "c", "margin": 0.5})"), 0.5);
  EXPECT_EQ(margin(R"({"prompt": "a", "chosen": "b", "rejected": "c"})"), std::nullopt);
}

TEST_F(PreferencePairTest, KeepsTheReferencesLogProbabilities) {
  const auto pair = read_preference_pair(
      Json::parse(
          R"({"prompt": "a", "chosen": "b", "rejected": "c", "ref_chosen_logps": -1.5, "ref_rejected_logps": -2})"),
      "a.jsonl:1", *encoder_);
  EXPECT_EQ(pair.reference_chosen, -1.5);
  EXPECT_EQ(pair.reference_rejected, -2);
  EXPECT_EQ(pair.longest(), 3);
}

TEST_F(PreferencePairTest, SaysWhatIsWrong) {
  const std::string formats =
      "; a line is {\"prompt\": ..., \"chosen\": ..., \"rejected\": ...}, all texts or all lists of messages";
  for (const auto& [record, text] : std::map<std::string, std::string>{
           {R"([1])", "it is not a JSON object" + formats},
           {R"({"prompt": "a", "chosen": "b"})", "it has no \"chosen\" and \"rejected\"" + formats},
           {R"({"chosen": "ab", "rejected": []})",
            "its \"chosen\" and \"rejected\" are neither both texts nor both lists of messages" + formats},
           {R"({"prompt": "a", "chosen": "b", "rejected": "b"})",
            "its \"chosen\" and \"rejected\" are equal; leave such pairs out: they teach nothing"},
           {R"({"prompt": [], "chosen": "b", "rejected": "c"})",
            "its \"prompt\" is not of the kind of its \"chosen\": a text or a list of messages" + formats},
           {R"({"chosen": "b", "rejected": "c"})",
            "its answers begin differently, so there is no prompt" + formats},
           {R"({"chosen": "ab", "rejected": "abc"})",
            "one of its answers is the beginning of the other" + formats},
           {R"({"prompt": "a", "chosen": "b", "rejected": "c", "ref_chosen_logps": "x"})",
            "its \"ref_chosen_logps\" is not a number; correct it"}}) {
    EXPECT_EQ(read(record), "a.jsonl:3: " + text);
  }
  const auto empty = folder_ / "empty.jsonl";
  write_file_atomically(empty, "\n");
  const std::vector<std::filesystem::path> files = {empty};
  EXPECT_THROW((void)read_preference_pairs(files, *encoder_), Error);
}

}  // namespace
}  // namespace deepscaler
