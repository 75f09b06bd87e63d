#include "data/trace.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

// Four generations: right, wrong, one that breaks off in its thoughts, and one that was cut.
Json openr1() {
  return Json::parse(R"({"problem": "1+1?", "solution": "It is 2.", "answer": "2", "uuid": "u",
    "generations": ["<think>\none\n</think>\n\\boxed{2}", "<think>\ntwo\n</think>\n\\boxed{3}", "<think>\nthree",
                    "<think>\nfour\n</think>\n\\boxed{2}"],
    "correctness_math_verify": [true, false, null, true], "correctness_llama": null,
    "is_reasoning_complete": [true, true, false, true], "finish_reasons": ["stop", "stop", null, "length"],
    "messages": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "<think>\ntwo"}]})");
}

TraceRecord traces_of(const Json& record) {
  auto traces = read_traces(record, "a.jsonl:3");
  EXPECT_TRUE(traces);
  return *std::move(traces);
}

std::string refusal(const Json& record) {
  try {
    (void)read_traces(record, "a.jsonl:3");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Traces, OfOpenR1AreItsGenerationsAndNotItsMessages) {
  const TraceRecord record = traces_of(openr1());
  EXPECT_EQ(record.problem.problem, "1+1?");
  EXPECT_EQ(record.problem.answers, std::vector<std::string>{"2"});
  ASSERT_EQ(record.traces.size(), 4u);
  EXPECT_EQ(record.traces[0].text, "<think>\none\n</think>\n\\boxed{2}");
  EXPECT_EQ(record.traces[0].stated, true);
  EXPECT_EQ(record.traces[1].stated, false);
  EXPECT_EQ(record.traces[2].stated, std::nullopt);
  std::vector<bool> complete;
  for (const Trace& trace : record.traces) complete.push_back(trace.complete);
  EXPECT_EQ(complete, (std::vector<bool>{true, true, false, false}));
}

TEST(Traces, WhatSaysThatTheyAreRightIsTheFirstVerdictThatThereIs) {
  Json record = openr1();
  record["correctness_llama"] = {false, true, true, true};
  EXPECT_EQ(traces_of(record).traces[1].stated, false);
  EXPECT_EQ(traces_of(record).traces[2].stated, true);
  record["correctness_math_verify"] = nullptr;
  EXPECT_EQ(traces_of(record).traces[0].stated, false);
  record.erase("is_reasoning_complete");
  record.erase("finish_reasons");
  EXPECT_FALSE(traces_of(record).traces[2].complete) << "its text says so";
  EXPECT_TRUE(traces_of(record).traces[3].complete);
}

TEST(Traces, ThoughtsAndAnswerBecomeOneText) {
  const TraceRecord thoughts = traces_of(Json::parse(
      R"({"problem": "1+1?", "deepseek_reasoning": "\nhm\n", "deepseek_solution": "So \\boxed{2}.",
          "ground_truth_solution": "As $1+1=2$, it is \\boxed{2}.", "domain": "math"})"));
  EXPECT_EQ(thoughts.traces[0].text, "<think>\nhm\n</think>\n\nSo \\boxed{2}.");
  EXPECT_EQ(thoughts.problem.answers, std::vector<std::string>{"2"});
  Json api =
      Json::parse(R"({"question": "1+1?", "reasoning_content": "hm", "content": "\\boxed{2}", "answer": 2,
                             "finish_reason": "stop"})");
  EXPECT_EQ(traces_of(api).traces[0].text, "<think>\nhm\n</think>\n\n\\boxed{2}");
  EXPECT_EQ(traces_of(api).problem.answers, std::vector<std::string>{"2"});
  EXPECT_TRUE(traces_of(api).traces[0].complete);
  api["finish_reason"] = "length";
  EXPECT_FALSE(traces_of(api).traces[0].complete);
  api["finish_reason"] = "stop";
  api["content"] = "";
  EXPECT_FALSE(traces_of(api).traces[0].complete) << "thoughts alone";
}

TEST(Traces, OtherRecordsHaveNone) {
  for (const char* record :
       {R"({"problem": "a", "answer": "1", "solution": "b"})", R"({"generations": ["a"]})", "[1]",
        R"({"problem": "a", "generations": null})", R"({"messages": [], "reasoning_content": "a"})"}) {
    EXPECT_FALSE(read_traces(Json::parse(record), "a")) << record;
  }
}

TEST(Traces, WhatCantBeReadIsNamed) {
  const auto changed = [](const char* key, const Json& value) {
    Json record = openr1();
    record[key] = value;
    return refusal(record);
  };
  const std::string remedy = "; correct it, or leave the record out";
  EXPECT_EQ(changed("generations", "a"), "a.jsonl:3: its \"generations\" is not a list of texts" + remedy);
  EXPECT_EQ(changed("generations", {"a", 2, "b", "c"}),
            "a.jsonl:3: its \"generations\" is not a list of texts" + remedy);
  for (const char* key :
       {"correctness_math_verify", "correctness_llama", "is_reasoning_complete", "finish_reasons"}) {
    EXPECT_EQ(changed(key, Json::array({true})), "a.jsonl:3: its \"" + std::string(key) +
                                                     "\" is not a list of one for each of \"generations\"" +
                                                     remedy);
  }
  EXPECT_EQ(refusal(Json::parse(R"({"problem": "a", "deepseek_reasoning": "b"})")),
            "a.jsonl:3: its \"deepseek_solution\" is not a text" + remedy);
}

TEST(Traces, AreChosenAndCounted) {
  const auto chosen = [](TraceChoice choice, const Json& record) {
    TraceCounts counts;
    const auto texts = choose_traces(traces_of(record), choice, counts);
    EXPECT_EQ(counts.accepted(), std::ssize(texts));
    return describe(counts);
  };
  EXPECT_EQ(chosen(TraceChoice::kVerified, openr1()),
            "1 of 4 traces to 1 problems: 2 break off, 1 are wrong");
  EXPECT_EQ(chosen(TraceChoice::kStated, openr1()), "1 of 4 traces to 1 problems: 2 break off, 1 are wrong");
  EXPECT_EQ(chosen(TraceChoice::kAll, openr1()), "2 of 4 traces to 1 problems: 2 break off");
  // What is stated may be wrong, and an answer may be missing.
  Json record = openr1();
  record["correctness_math_verify"] = {true, true, true, true};
  EXPECT_EQ(chosen(TraceChoice::kVerified, record), "1 of 4 traces to 1 problems: 2 break off, 1 are wrong");
  EXPECT_EQ(chosen(TraceChoice::kStated, record), "2 of 4 traces to 1 problems: 2 break off");
  record["correctness_math_verify"] = nullptr;
  EXPECT_EQ(chosen(TraceChoice::kStated, record),
            "0 of 4 traces to 1 problems: 2 break off, 2 can't be decided");
  record.erase("answer");
  EXPECT_EQ(chosen(TraceChoice::kVerified, record),
            "0 of 4 traces to 1 problems: 2 break off, 2 can't be decided");
}

TEST(Traces, MarksOfOpenThoughtsBecomeThinkMarks) {
  EXPECT_EQ(with_think_marks("<|begin_of_thought|>\n\nhm\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n"
                             "2\n\n<|end_of_solution|>"),
            "<think>\nhm\n</think>\n\n2");
  EXPECT_EQ(with_think_marks("<|begin_of_thought|>\n\nhm"), "<think>\n\nhm");
  EXPECT_TRUE(breaks_off(with_think_marks("<|begin_of_thought|>\n\nhm")));
  EXPECT_EQ(with_think_marks("2 <|end_of_thought|>"), "2 <|end_of_thought|>");
}

}  // namespace
}  // namespace deepscaler
