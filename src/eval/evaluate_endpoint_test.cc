// Against a server of the test's own on 127.0.0.1, which answers as it is told.
#include "eval/evaluate_endpoint.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "data/generators.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

std::string answer_json(const Json& message, const std::string& finish_reason = "stop", int64_t tokens = 5) {
  return Json{{"choices", {{{"message", message}, {"finish_reason", finish_reason}}}},
              {"usage", {{"prompt_tokens", 9}, {"completion_tokens", tokens}}}}
      .dump();
}

struct Reply {
  int status = 200;
  std::string body;
};

class EvaluateEndpointTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("no_proxy", "127.0.0.1", 1);
    problems_ = generate_problems({.kinds = {"sub", "add"}, .split = Split::kTest, .seed = 1, .count = 4});
    server_.Post("/v1/chat/completions", [this](const httplib::Request& request,
                                                httplib::Response& response) { answer(request, response); });
    const int port = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    model_ = {.url = fmt::format("http://127.0.0.1:{}/v1", port), .name = "m"};
    asking_ = {.url = model_.url, .patience_s = 0.05, .retry_delay_ms = 1};
  }
  void TearDown() override {
    server_.stop();
    thread_.join();
  }

  // The next reply of the script, else the right answer to what was asked.
  void answer(const httplib::Request& request, httplib::Response& response) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(Json::parse(request.body));
    Reply reply = {.body = right_answer(asked_.back())};
    if (!script_.empty()) {
      reply = script_.front();
      script_.pop_front();
    }
    response.status = reply.status;
    response.set_content(reply.body, "application/json");
  }
  [[nodiscard]] std::string right_answer(const Json& request) const {
    const std::string turn = request["messages"].back()["content"];
    for (const Problem& problem : problems_) {
      if (turn == problem.problem)
        return answer_json({{"content", "It is \\boxed{" + problem.answers[0] + "}."}});
    }
    return "no such problem";
  }

  [[nodiscard]] EvalSettings settings() const {
    return endpoint_settings(model_, {.text = "{problem}"}, problems_, config_);
  }
  EvalReport evaluate_with(SampleLog* log = nullptr, int64_t side_by_side = 1) {
    ChatEndpoint endpoint(asking_);
    return evaluate_endpoint(endpoint, problems_, settings(), side_by_side, {}, log);
  }
  // The samples of the first problem, when the server answers it with `body`.
  EvalSample sample_of(const std::string& body) {
    config_.samples = 1;
    script_.push_back({.body = body});
    return evaluate_with().problems[0].samples[0];
  }
  std::string fault_of(const Reply& reply) {
    script_.push_back(reply);
    try {
      (void)evaluate_with();
      return "no error";
    } catch (const Error& error) {
      std::string text = error.what();
      if (const size_t at = text.find(model_.url); at != text.npos)
        text.replace(at, model_.url.size(), "URL");
      return text;
    }
  }
  [[nodiscard]] std::string fault_of_fields(const std::string& fields) const {
    EndpointModel model = model_;
    model.request_fields = fields;
    try {
      (void)endpoint_settings(model, {.text = "{problem}"}, problems_, config_);
      return "no error";
    } catch (const Error& error) {
      return error.what();
    }
  }
  [[nodiscard]] std::string bytes_of(const EvalReport& report) const {
    write_report(folder_ / "report.json", report);
    return read_file(folder_ / "report.json");
  }

  TemporaryFolder folder_;
  std::vector<Problem> problems_;
  EndpointModel model_;
  EvalConfig config_ = {
      .samples = 3, .sampling = {.temperature = 0.6f, .max_response_tokens = 12}, .seed = 3};
  ChatEndpointOptions asking_;
  httplib::Server server_;
  std::thread thread_;
  std::mutex mutex_;
  std::deque<Reply> script_;
  std::vector<Json> asked_;
};

TEST_F(EvaluateEndpointTest, EachSampleIsAskedForOnceAndGraded) {
  script_.push_back({.body = answer_json({{"content", "\\boxed{-1}"}}, "length", 12)});
  const EvalReport report = evaluate_with();
  EXPECT_EQ(asked_.size(), 12u);
  std::set<int64_t> seeds;
  for (const Json& request : asked_) seeds.insert(request["seed"].get<int64_t>());
  EXPECT_EQ(seeds.size(), 12u);
  EXPECT_GE(*seeds.begin(), 0);
  EXPECT_LT(*seeds.rbegin(), int64_t{1} << 31);
  for (const EvalProblem& problem : report.problems) {
    for (const EvalSample& sample : problem.samples) {
      const bool is_first = &sample == &report.problems[0].samples[0];
      EXPECT_EQ(sample.correct, !is_first) << problem.id;
      EXPECT_EQ(sample.truncated, is_first);
      EXPECT_EQ(sample.tokens, is_first ? 12 : 5);
    }
  }
}

TEST_F(EvaluateEndpointTest, ARequestHasWhatWasSetAndNothingElse) {
  EXPECT_EQ(endpoint_request(settings(), problems_[0], 0),
            Json({{"model", "m"},
                  {"messages", {{{"role", "user"}, {"content", problems_[0].problem}}}},
                  {"temperature", 0.6},
                  {"top_p", 1.0},
                  {"max_tokens", 12},
                  {"seed", endpoint_request(settings(), problems_[0], 0)["seed"]}}));
  config_.sampling.top_p = 0.95f;
  config_.sampling.top_k = 20;
  config_.sampling.min_p = 0.1f;
  config_.sampling.repetition_penalty = 1.5f;
  model_.request_fields = R"({"max_tokens": null, "max_completion_tokens": 99, "seed": null})";
  const EvalSettings more =
      endpoint_settings(model_, {.text = "Q: {problem}", .system = "Be brief."}, problems_, config_);
  EXPECT_EQ(endpoint_request(more, problems_[0], 0),
            Json({{"model", "m"},
                  {"messages",
                   {{{"role", "system"}, {"content", "Be brief."}},
                    {{"role", "user"}, {"content", "Q: " + problems_[0].problem}}}},
                  {"temperature", 0.6},
                  {"top_p", 0.95},
                  {"top_k", 20},
                  {"min_p", 0.1},
                  {"repetition_penalty", 1.5},
                  {"max_completion_tokens", 99}}));
}

TEST_F(EvaluateEndpointTest, AnAnswerCountsOnlyBehindTheThoughts) {
  const std::string boxed = "\\boxed{" + problems_[0].answers[0] + "}";
  EXPECT_TRUE(sample_of(answer_json({{"content", boxed}, {"reasoning_content", "hm"}})).correct);
  EXPECT_TRUE(sample_of(answer_json({{"content", boxed}, {"reasoning", "hm"}})).correct);
  EXPECT_TRUE(sample_of(answer_json({{"content", "hm</think>" + boxed}})).correct);
  const EvalSample only_thought =
      sample_of(answer_json({{"content", nullptr}, {"reasoning_content", boxed}}));
  EXPECT_FALSE(only_thought.correct);
  EXPECT_EQ(only_thought.text, "<think>\n" + boxed + "\n</think>\n\n");
  const EvalSample cut = sample_of(answer_json({{"content", ""}, {"reasoning_content", boxed}}, "length"));
  EXPECT_EQ(cut.text, "<think>\n" + boxed);
  EXPECT_FALSE(cut.correct);
  EXPECT_EQ(cut.reason, "truncated");
  EXPECT_FALSE(sample_of(answer_json({{"content", nullptr}})).correct);  // a call of a tool, say
  const std::string silent = R"({"choices": [{"message": {"content": "7"}}]})";
  EXPECT_EQ(sample_of(silent).tokens, 0);
}

TEST_F(EvaluateEndpointTest, WhatCanNotBeAnsweredEndsItWithOneLine) {
  config_.samples = 1;
  const std::string first = problems_[0].id + ": URL/chat/completions: ";
  const std::string check = "; check the request and the model's name";
  EXPECT_EQ(fault_of({.status = 400, .body = R"({"error": {"message": "max_tokens: unknown"}})"}),
            first + "the server answers 400: max_tokens: unknown" + check);
  EXPECT_EQ(fault_of({.status = 404, .body = R"({"error": "model 'm' not found"})"}),
            first + "the server answers 404: model 'm' not found" + check);
  EXPECT_EQ(fault_of({.status = 301, .body = ""}), first + "the server answers 301" + check);
  EXPECT_EQ(fault_of({.status = 401, .body = "{}"}),
            "URL/chat/completions: the server answers 401: {}; check the key");
  for (const char* body :
       {"", "<html>", "{}", R"({"choices": []})", "data: {}\n\n", "{\"choices\": [{\"mess",
        R"({"choices": [{"text": "4"}]})", "{\"choices\": [{\"message\": {\"content\": \"\xff\"}}]}"}) {
    EXPECT_EQ(fault_of({.body = body}),
              first + "what comes is no answer of /chat/completions; check that the URL ends before /chat");
  }
  for (int i = 0; i < 50; ++i) script_.push_back({.status = 503, .body = "busy"});
  EXPECT_EQ(
      fault_of({.status = 503, .body = "busy"}),
      "URL/chat/completions: no answer within 0.05 s; last: the server answers 503: busy; try again later");
}

TEST_F(EvaluateEndpointTest, GoesOnWithWhatWasNotAnswered) {
  const std::string whole = bytes_of(evaluate_with());
  const std::filesystem::path path = folder_ / "s.jsonl";
  {
    SampleLog log(path, settings());
    for (int i = 0; i < 5; ++i) script_.push_back({.body = answer_json({{"content", "?"}})});
    script_.push_back({.status = 400});
    EXPECT_THROW((void)evaluate_with(&log), Error);
  }
  asked_.clear();
  SampleLog log(path, settings());
  EXPECT_EQ(log.earlier().size(), 5u);
  const EvalReport report = evaluate_with(&log, 4);
  EXPECT_EQ(asked_.size(), 7u);
  EXPECT_EQ(report.problems[0].samples[0].text, "?");
  EXPECT_TRUE(report.problems[3].samples[2].correct);
  std::filesystem::remove(path);
  SampleLog other(path, settings());
  EXPECT_EQ(bytes_of(evaluate_with(&other, 4)), whole);  // in whichever order answers came
}

TEST_F(EvaluateEndpointTest, KeptAnswersAreOfTheirSample) {
  asking_.cache = folder_ / "answers";
  const std::string whole = bytes_of(evaluate_with());
  EXPECT_EQ(asked_.size(), 12u);
  EXPECT_EQ(bytes_of(evaluate_with()), whole);
  EXPECT_EQ(asked_.size(), 12u);
  model_.request_fields = R"({"seed": null})";
  EXPECT_EQ(fault_of({}),
            "--request-fields: without seeds all samples of a problem would be one kept answer; leave out "
            "--cache, or the null for seed");
}

TEST_F(EvaluateEndpointTest, FieldsThatTakeSamplesApartAreRefused) {
  EXPECT_EQ(fault_of_fields("[1]"),
            "--request-fields: is no JSON object; write for example '{\"reasoning_effort\": \"low\"}'");
  EXPECT_EQ(fault_of_fields(R"({"stream": true})"),
            "--request-fields: stream is not to be set; --model and --prompt say what is asked, --samples "
            "how often");
  EXPECT_EQ(fault_of_fields(R"({"seed": 1})"),
            "--request-fields: one seed would give every sample the same answer; give --seed, of which each "
            "sample gets its own");
  EXPECT_EQ(fault_of_fields(R"({"reasoning_effort": "low"})"), "no error");
}

}  // namespace
}  // namespace deepscaler
