#include "eval/evaluate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "data/generators.h"
#include "text/tokenizer/byte_tokenizer.h"

namespace deepscaler {
namespace {

// A model of random weights, whose answers are noise.
class EvaluateTest : public testing::Test {
 protected:
  EvaluateTest() {
    randomize(model_, 5, 0.02f);
    problems_ = generate_problems({.kinds = {"sub", "add"}, .split = Split::kTest, .seed = 1, .count = 4});
    settings_ =
        eval_settings(model_, "m", PromptEncoder(tokenizer_, {"{problem}"}), problems_,
                      {.samples = 3, .sampling = {.temperature = 1, .max_response_tokens = 12}, .seed = 3});
  }

  EvalReport evaluate_with(SampleLog* log = nullptr) {
    Generator generator(model_, 64 << 20);
    return evaluate(generator, PromptEncoder(tokenizer_, {"{problem}"}), problems_, settings_, {}, log);
  }
  [[nodiscard]] std::string bytes_of(const EvalReport& report) const {
    write_report(folder_ / "report.json", report);
    return read_file(folder_ / "report.json");
  }
  [[nodiscard]] std::string error_of_log() const {
    try {
      const SampleLog log(folder_ / "s.jsonl", settings_);
      return "no error";
    } catch (const Error& error) {
      return error.what();
    }
  }

  // The log of an evaluation without a sample yet: its settings.
  void write_settings() const {
    std::filesystem::remove(folder_ / "s.jsonl");
    SampleLog(folder_ / "s.jsonl", settings_).add({.id = problems_[0].id});
    const std::string lines = read_file(folder_ / "s.jsonl");
    write_file_atomically(folder_ / "s.jsonl", lines.substr(0, lines.find('\n') + 1));
  }

  TemporaryFolder folder_;
  Model model_{read_hf_config(std::string(DEEPSCALER_GOLDENS) + "/../../recipes/tiny-model")};
  Tokenizer tokenizer_ = byte_tokenizer();
  std::vector<Problem> problems_;
  EvalSettings settings_;
};

TEST_F(EvaluateTest, GoesOnFromAnyPartOfItsSamples) {
  const std::string whole = bytes_of(evaluate_with());
  {
    SampleLog log(folder_ / "s.jsonl", settings_);
    EXPECT_EQ(bytes_of(evaluate_with(&log)), whole);
  }
  const std::string lines = read_file(folder_ / "s.jsonl");
  EXPECT_EQ(std::ranges::count(lines, '\n'), 13);  // the settings and 4 x 3 samples
  // As a killed process may leave it: any number of lines, the last one broken off.
  for (size_t cut = 0; cut <= lines.size(); cut += 97) {
    write_file_atomically(folder_ / "s.jsonl", lines.substr(0, cut));
    SampleLog log(folder_ / "s.jsonl", settings_);
    EXPECT_EQ(bytes_of(evaluate_with(&log)), whole) << cut;
  }
  // With all of them there is nothing to generate.
  write_file_atomically(folder_ / "s.jsonl", lines);
  SampleLog log(folder_ / "s.jsonl", settings_);
  EXPECT_EQ(log.earlier().size(), 12u);
  randomize(model_, 6, 0.02f);
  EXPECT_EQ(bytes_of(evaluate_with(&log)), whole);
}

TEST_F(EvaluateTest, WithoutASampleThereIsNoFile) {
  SampleLog log(folder_ / "s.jsonl", settings_);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "s.jsonl"));
}

TEST_F(EvaluateTest, OtherSettingsAreRefusedByName) {
  {
    SampleLog log(folder_ / "s.jsonl", settings_);
    (void)evaluate_with(&log);
  }
  const std::string where = (folder_ / "s.jsonl").string();
  const std::string before = read_file(where);
  settings_.config.seed = 4;
  settings_.config.sampling.top_p = 0.5f;
  EXPECT_EQ(error_of_log(),
            where +
                ": holds samples of other settings: top_p is 1.0 there and 0.5 here, seed is 3 there "
                "and 4 here; name another --output, or remove the file to begin anew");
  EXPECT_EQ(read_file(where), before);
  write_file_atomically(where, "{\"step\": 1}\n");
  EXPECT_EQ(error_of_log(),
            where +
                ":1: is no line of an evaluation's samples; name another --output, or remove the "
                "file to begin anew");
}

TEST_F(EvaluateTest, LinesThatAreNoSamplesOfItAreRefused) {
  const auto refusal = [&](const std::string& lines) {
    write_settings();
    const std::string bytes = read_file(folder_ / "s.jsonl") + lines;
    write_file_atomically(folder_ / "s.jsonl", bytes);
    const std::string message = error_of_log();
    EXPECT_EQ(read_file(folder_ / "s.jsonl"), bytes);
    return message.substr((folder_ / "s.jsonl").string().size());
  };
  const std::string remedy = "; name another --output, or remove the file to begin anew";
  EXPECT_EQ(refusal("{\"problem\": 4, \"sample\": 0}\n"),
            ":2: belongs to problem 4, and there are 4" + remedy);
  EXPECT_EQ(refusal("{\"problem\": 3, \"sample\": 3}\n"), ":2: is sample 3 of 3" + remedy);
  EXPECT_EQ(refusal("{\"index\": 3, \"sample\": 0}\n"),
            ":2: has no number \"problem\", so it is no line of an evaluation's samples" + remedy);
  EXPECT_EQ(refusal("{\"problem\": 3, \"sample\": 0}\n"),
            ":2: is no line of an evaluation's samples" + remedy);
  EXPECT_EQ(refusal("{\"index\""), ": ends in a line that is no line of an evaluation's samples" + remedy);
}

TEST_F(EvaluateTest, ASampleThatIsThereTwiceCountsOnce) {
  {
    SampleLog log(folder_ / "s.jsonl", settings_);
    (void)evaluate_with(&log);
  }
  const std::string lines = read_file(folder_ / "s.jsonl");
  const std::string samples = lines.substr(lines.find('\n') + 1);
  write_file_atomically(folder_ / "s.jsonl", lines + samples);
  EXPECT_EQ(SampleLog(folder_ / "s.jsonl", settings_).earlier().size(), 12u);
}

// A setting that is read, written down and compared, but never passed on, is the worst kind of wrong.
TEST_F(EvaluateTest, EverySettingOfSamplingActs) {
  const auto texts = [&] {
    std::string all;
    for (const auto& problem : evaluate_with().problems) {
      for (const EvalSample& sample : problem.samples) all += sample.text + "\n";
    }
    return all;
  };
  const std::map<std::string_view, double> others = {
      {"temperature", 0.1},      {"top_p", 0.2}, {"top_k", 2}, {"min_p", 0.9}, {"repetition_penalty", 50},
      {"max_response_tokens", 3}};
  const std::string plain = texts();
  const SamplingConfig before = settings_.config.sampling;
  size_t settings = 0;
  for_each_setting(before, [&](std::string_view name, auto) {
    ++settings;
    ASSERT_TRUE(others.contains(name)) << name << " is new: give it a value here";
    settings_.config.sampling = before;
    for_each_setting(settings_.config.sampling, [&](std::string_view other, auto& value) {
      if (other == name) value = static_cast<std::remove_reference_t<decltype(value)>>(others.at(name));
    });
    EXPECT_NE(texts(), plain) << name << " changes nothing";
  });
  EXPECT_EQ(settings, others.size());
}

TEST_F(EvaluateTest, APromptWithoutRoomIsNamed) {
  settings_.config.sampling.max_response_tokens = 250;
  try {
    (void)evaluate_with();
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with(problems_[0].where + ": its prompt of "))
        << error.what();
  }
}

TEST_F(EvaluateTest, ReportsSayWhatTheModelSaw) {
  const EvalReport report = evaluate_with();
  ASSERT_EQ(report.problems.size(), 4u);
  EXPECT_EQ(report.problems[0].prompt, problems_[0].problem);
  EXPECT_EQ(report.problems[0].answers, problems_[0].answers);
  EXPECT_EQ(report.settings.model_hash, model_.hash());
  EXPECT_EQ(report.settings.sets.size(), 2u);
  EXPECT_EQ(report.settings.sets[0].sha256.size(), 64u);
  std::vector<Problem> changed = problems_;
  changed[0].answers[0] += "0";
  EXPECT_NE(sets_of(changed)[0].sha256, report.settings.sets[0].sha256);
}

}  // namespace
}  // namespace deepscaler
