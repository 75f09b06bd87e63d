// What a run refuses before its first step, in which words, and that it then leaves nothing behind.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "run/loop.h"
#include "text/tokenizer/byte_tokenizer.h"
#include "train/checkpoint.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class RunFaultsTest : public testing::Test {
 protected:
  // A model folder, as a checkpoint has it.
  [[nodiscard]] fs::path make_model() const {
    const fs::path goldens = DEEPSCALER_GOLDENS;
    Model model(read_hf_config(goldens.parent_path().parent_path() / "recipes" / "tiny-model"));
    randomize(model, 1, 0.02f);
    fs::create_directories(folder_ / "model");
    save_hf_model(model, folder_ / "model");
    byte_tokenizer().save(folder_ / "model");
    return folder_ / "model";
  }
  void edit(const fs::path& path, const std::function<void(json&)>& change) const {
    json value = json::parse(read_file(path));
    change(value);
    write_file_atomically(path, value.dump());
  }
  // What a run of two stages says, the second one on `data`.
  [[nodiscard]] std::string refusal(const fs::path& model, const std::string& data) const {
    Recipe recipe;
    const std::string text = fmt::format(R"(
model.path = "{}"
[[stage]]
kind = "sft"
steps = 1
data = {{kinds = ["sub"], count = 8}}
[[stage]]
kind = "grpo"
steps = 1
data = {}
)",
                                         model.string(), data);
    read_config_text(text, "r.toml", {}, [&](ConfigSection& s) { bind(s, recipe); });
    std::string message = "accepted";
    try {
      (void)run_recipe(recipe, folder_ / "run");
    } catch (const Error& error) {
      message = error.what();
    }
    for (const auto& entry : fs::directory_iterator(folder_ / "run")) {
      EXPECT_EQ(entry.path().filename(), "lock") << "it left something";
    }
    return message;
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

constexpr const char* kGenerated = R"({kinds = ["sub"], count = 8})";

TEST_F(RunFaultsTest, UnreadableDataOfALaterStage) {
  const fs::path model = make_model(), file = folder_ / "data.jsonl";
  const std::string data = fmt::format(R"({{files = ["{}"]}})", file.string());
  EXPECT_EQ(refusal(model, data),
            file.string() + ": can't open: No such file or directory; check the path and its permissions");
  write_file_atomically(file, "{\"problem\": \"1 + 1\", \"answer\": \"2\"}\n{\"problem\": \"1 +");
  EXPECT_TRUE(refusal(model, data).starts_with(file.string() + ":2: "));
}

TEST_F(RunFaultsTest, ReferencesThatTheVerifierCantRead) {
  const fs::path model = make_model(), file = folder_ / "data.jsonl";
  write_file_atomically(file,
                        "{\"id\": \"a\", \"problem\": \"1 + 1\", \"answer\": \"2\"}\n"
                        "{\"id\": \"b\", \"problem\": \"2 + 1\", \"answer\": \"\\\\frac{\"}\n"
                        "{\"id\": \"c\", \"problem\": \"3 + 1\", \"answer\": \"\\\\sqrt{\"}\n");
  EXPECT_EQ(refusal(model, fmt::format(R"({{files = ["{}"]}})", file.string())),
            file.string() +
                ":2: the verifier can't read its answer '\\frac{' (2 such problems in all: b, c); correct or "
                "remove "
                "them; a sample can't be graded against them");
}

// One of tokenizer and config is enough.
TEST_F(RunFaultsTest, AModelThatStopsNowhere) {
  const fs::path model = make_model();
  edit(model / "tokenizer_config.json", [](json& config) { config.erase("eos_token"); });
  EXPECT_EQ(refusal(model, kGenerated).find("ends a response"), std::string::npos);
  edit(model / "config.json", [](json& config) { config.erase("eos_token_id"); });
  EXPECT_EQ(refusal(model, kGenerated),
            model.string() + ": names no token that ends a response; add eos_token_id to its config.json");
}

TEST_F(RunFaultsTest, AnotherModelsTokenizer) {
  const fs::path model = make_model();
  edit(model / "tokenizer.json", [](json& tokenizer) {
    tokenizer["added_tokens"].push_back({{"id", 300},
                                         {"content", "<|x|>"},
                                         {"special", true},
                                         {"single_word", false},
                                         {"lstrip", false},
                                         {"rstrip", false},
                                         {"normalized", false}});
  });
  EXPECT_EQ(refusal(model, kGenerated),
            model.string() +
                ": the tokenizer has 301 tokens, the model 257; use the tokenizer that belongs to the model");
}

}  // namespace
}  // namespace deepscaler
