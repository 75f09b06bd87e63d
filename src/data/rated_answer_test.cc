#include "data/rated_answer.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

class RatedAnswerTest : public testing::Test {
 protected:
  [[nodiscard]] std::string read(const char* record) const {
    try {
      const auto answer = read_rated_answer(nlohmann::ordered_json::parse(record), "a.jsonl:3", encoder_);
      return std::to_string(answer.answer.learned()) + (answer.is_good ? " good" : " bad");
    } catch (const Error& error) {
      return error.what();
    }
  }

  const Tokenizer tokenizer_ = byte_tokenizer();
  const PromptEncoder encoder_{tokenizer_, {}};
};

TEST_F(RatedAnswerTest, ReadsTrlsUnpairedPreferences) {
  EXPECT_EQ(read(R"({"prompt": "1+1=", "completion": "2", "label": true})"), "2 good");
  EXPECT_EQ(read(R"({"prompt": "1+1=", "completion": "33", "label": 0})"), "3 bad");
}

TEST_F(RatedAnswerTest, SaysWhatIsWrong) {
  const std::string format = "; a line is {\"prompt\": ..., \"completion\": ..., \"label\": true or false}";
  for (const auto& [record, text] : std::map<std::string, std::string>{
           {R"([1])", "it is not a JSON object"},
           {R"({"prompt": "a", "label": true})", "it has no \"prompt\" and \"completion\""},
           {R"({"prompt": "a", "completion": "b"})", "its \"label\" is neither true nor false"},
           {R"({"prompt": "a", "completion": "b", "label": 0.5})",
            "its \"label\" is neither true nor false"}}) {
    EXPECT_EQ(read(record.c_str()), "a.jsonl:3: " + text + format);
  }
  const TemporaryFolder folder;
  write_file_atomically(folder / "empty.jsonl", "\n");
  const std::vector<std::filesystem::path> files = {folder / "empty.jsonl"};
  EXPECT_THROW((void)read_rated_answers(files, encoder_), Error);
}

}  // namespace
}  // namespace deepscaler
