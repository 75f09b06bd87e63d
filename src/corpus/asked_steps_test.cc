// Steps that ask a language model, against a server of the test's own that answers, and fails, as it is told.
#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/file.h"
#include "corpus/pipeline_test.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

enum class Fault { kNone, kBusy, kBroken, kRefused, kCut, kNonsense, kHanging, kNoKey, kFiltered, kTooLong };

struct Reply {
  std::string content;
  Fault fault = Fault::kNone;
};

class AskedStepsTest : public PipelineTest {
 protected:
  void SetUp() override {
    setenv("no_proxy", "127.0.0.1", 1);
    server_.Post("/v1/chat/completions", [this](const httplib::Request& request,
                                                httplib::Response& response) { answer(request, response); });
    const int port = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    url_ = fmt::format("http://127.0.0.1:{}/v1", port);
  }
  void TearDown() override {
    server_.stop();
    thread_.join();
  }

  // Keys of [step.model]: no patience, so a fault that lasts is met once.
  [[nodiscard]] std::string model(const std::string& more = "") const {
    return fmt::format(
        "[step.model]\nmodel = \"m\"\nendpoint = \"{}\"\npatience_s = 0.2\nanswer_time_s = 1\nside_by_side = "
        "1\n{}",
        url_, more);
  }
  void problems(const std::vector<Json>& records) const {
    std::string text;
    for (const Json& record : records) text += record.dump() + "\n";
    write_file_atomically(folder_ / "in.jsonl", text);
  }
  // The n-th reply about a problem.
  std::function<Reply(const std::string& question, int64_t n)> script_;
  std::vector<std::string> asked_;  // what was asked, in the order in which it came
  std::string url_;

 private:
  void answer(const httplib::Request& request, httplib::Response& response) {
    const Json json = Json::parse(request.body);
    const std::string question = json["messages"].back()["content"];
    Reply reply;
    {
      const std::lock_guard lock(mutex_);
      const auto n = std::ranges::count(asked_, question);
      asked_.push_back(question);
      reply = script_(question, n);
    }
    const Json choice = {{"message", {{"role", "assistant"}, {"content", reply.content}}},
                         {"finish_reason", reply.fault == Fault::kFiltered ? "content_filter" : "stop"}};
    std::string body = Json{{"choices", {choice}}}.dump();
    const std::set<Fault> with_body = {Fault::kNone, Fault::kCut, Fault::kHanging, Fault::kFiltered};
    if (!with_body.contains(reply.fault)) body = "";
    switch (reply.fault) {
      case Fault::kNone:
      case Fault::kFiltered:
        break;
      case Fault::kTooLong:
        response.status = 400;
        body = R"({"error": {"message": "too much", "code": "context_length_exceeded"}})";
        break;
      case Fault::kBusy:
        response.status = 429;
        response.set_header("Retry-After", "0.01");
        break;
      case Fault::kBroken:
        response.status = 500;
        break;
      case Fault::kRefused:
        response.status = 400;
        break;
      case Fault::kNoKey:
        response.status = 401;
        break;
      case Fault::kNonsense:
        body = "<html>Welcome</html>";
        break;
      case Fault::kHanging:
        std::this_thread::sleep_for(std::chrono::seconds(3));
        break;
      case Fault::kCut:
        response.set_content_provider(body.size() + 100, "application/json",
                                      [body](size_t, size_t, httplib::DataSink& sink) {
                                        sink.write(body.data(), body.size() / 2);
                                        return false;
                                      });
        return;
    }
    response.set_content(body, "application/json");
  }

  httplib::Server server_;
  std::thread thread_;
  std::mutex mutex_;
};

Json problem(const std::string& id, const std::string& text) {
  return {{"id", id}, {"problem", text}, {"answer", "1"}};
}

TEST_F(AskedStepsTest, NoRecordIsKeptWhoseModelFailed) {
  problems({problem("good", "good?"), problem("broken", "broken?"), problem("refused", "refused?"),
            problem("cut", "cut?"), problem("busy", "busy?"), problem("nonsense", "nonsense?"),
            problem("hanging", "hanging?"), problem("talk", "talk?"), problem("half", "half?"),
            problem("empty", "empty?"), problem("filtered", "filtered?"), problem("long", "long?")});
  bool is_well = false;
  script_ = [&](const std::string& question, int64_t n) -> Reply {
    const std::string yes = "A number. [[1]]";
    if (question == "talk?") return {"I love problems."};
    if (question == "long?") return {"", Fault::kTooLong};
    if (question == "busy?" && n < 2) return {"", Fault::kBusy};
    if (is_well || question == "good?" || question == "busy?") return {yes};
    if (question == "hanging?" && n > 0) return {yes};
    if (question == "empty?") return {" "};
    if (question == "half?") return n % 2 == 0 ? Reply{yes} : Reply{"", Fault::kRefused};
    return {yes, question == "broken?"     ? Fault::kBroken
                 : question == "refused?"  ? Fault::kRefused
                 : question == "cut?"      ? Fault::kCut
                 : question == "nonsense?" ? Fault::kNonsense
                 : question == "filtered?" ? Fault::kFiltered
                                           : Fault::kHanging};
  };
  const std::string toml = kIngest + std::string("[[step]]\nkind = \"proofs\"\n") + model("samples = 2\n");
  (void)run(toml);
  EXPECT_EQ(dropped("02-proofs"), (Reasons{"model-failed broken", "model-failed refused", "model-failed cut",
                                           "model-failed nonsense", "model-failed hanging",
                                           "model-unclear talk", "model-failed half", "model-failed empty",
                                           "model-failed filtered", "prompt-too-long long"}));
  const auto fault = [&](size_t i) -> std::string {
    return lines("out/steps/02-proofs/dropped.jsonl")[i]["evidence"]["fault"];
  };
  EXPECT_EQ(fault(7), "empty: " + url_ + ": the answer is empty");
  EXPECT_EQ(fault(8), "filtered: " + url_ + ": the server withholds its answer (content_filter)");
  EXPECT_EQ(fault(9),
            "long: " + url_ +
                "/chat/completions: the server answers 400: too much; shorten what is asked, or ask "
                "for a shorter answer");
  EXPECT_EQ(fault(1),
            "refused: " + url_ +
                "/chat/completions: the server answers 400; check the request and the model's name");
  // The same command asks for what did not come, and for nothing else; then it does nothing.
  is_well = true;
  asked_.clear();
  EXPECT_EQ(run(toml).done_now, 1);
  std::ranges::sort(asked_);
  EXPECT_EQ(asked_, (std::vector<std::string>{"broken?", "broken?", "cut?", "cut?", "empty?", "empty?",
                                              "filtered?", "filtered?", "half?", "hanging?", "long?", "long?",
                                              "nonsense?", "nonsense?", "refused?", "refused?"}));
  EXPECT_EQ(dropped("02-proofs"), (Reasons{"model-unclear talk", "prompt-too-long long"}));
  asked_.clear();
  EXPECT_EQ(run(toml).done_now, 0);
  EXPECT_TRUE(asked_.empty());
}

TEST_F(AskedStepsTest, AServerThatFailsAllIsGivenUp) {
  std::vector<Json> records;
  for (int i = 0; i < 20; ++i)
    records.push_back(problem(fmt::format("p{}", i), fmt::format("What is {}?", i)));
  problems(records);
  script_ = [&](const std::string&, int64_t) { return Reply{"", Fault::kNoKey}; };
  const std::string toml = kIngest + std::string("[[step]]\nkind = \"proofs\"\n") + model("samples = 1\n");
  EXPECT_EQ(
      refusal(toml),
      url_ + ": 8 requests in a row have failed; the last one: " + url_ +
          "/chat/completions: the server answers 401; check the key; replies so far are kept, and the same "
          "command goes on from there");
  EXPECT_EQ(asked_.size(), 8u);
}

TEST_F(AskedStepsTest, ProofsByTheVotesOfReplies) {
  problems({problem("one", "one?"), problem("none", "none?"), problem("essay", "essay?"),
            problem("words", "Prove that it is so.")});
  script_ = [](const std::string& question, int64_t n) -> Reply {
    if (question == "one?") return {n == 2 ? "<think>[[2]]?</think> It is not [[2]] but [[1]]" : "[[2]]"};
    if (question == "none?") return {n == 0 ? "no idea" : "A proof. [[2]]"};
    return {"[[3]]"};
  };
  (void)run(kIngest + std::string("[[step]]\nkind = \"proofs\"\n") + model());
  EXPECT_EQ(dropped("02-proofs"), (Reasons{"proof none", "no-maths essay", "proof words"}));
  EXPECT_EQ(asked_.size(), 12u);  // not about what its words say already
}

TEST_F(AskedStepsTest, AnswersOutOfSolutionsAndOptions) {
  const auto solved = [](const std::string& id, const std::string& solution) {
    return Json{{"id", id}, {"problem", id + "?"}, {"solution", solution}};
  };
  problems({solved("same", "it is a half"),
            solved("two", "it is 3 or 4"),
            solved("none", "who knows"),
            solved("chatty", "so it goes"),
            solved("boxed", "\\boxed{7}"),
            {{"id", "choice"}, {"problem", "Sum? A) one B) two"}, {"answer", "B"}},
            {{"id", "missing"}, {"problem", "Sum? A) one C) three"}, {"answer", "B"}},
            {{"id", "open"}, {"problem", "Which vertex?"}, {"answer", "B"}},
            {{"id", "mute"}, {"problem", "Sum, then?"}, {"answer", "B"}}});
  script_ = [](const std::string& question, int64_t n) -> Reply {
    const auto has = [&](const char* text) { return question.find(text) != std::string::npos; };
    if (has("a half")) return {n == 0 ? "$\\frac{1}{2}$" : n == 1 ? "0.5" : "<think>so</think>\\boxed{1/2}"};
    if (has("3 or 4")) return {n == 1 ? "4" : "3"};
    if (has("who knows")) return {"\\text{Error: Solution not found.}"};
    if (has("so it goes")) return {"Well,\nthe answer is 5"};
    if (has("B) two")) return {R"(Here: {"problem": "Sum?", "A": "1", "B": 2})"};
    if (has("C) three")) return {R"({"problem": "Sum?", "A": "1", "C": "3"})"};
    if (has("vertex")) return {"{}"};
    return {"What options?"};
  };
  const std::string answers = kIngest + std::string("[[step]]\nkind = \"answers\"\nchoices = \"model\"\n");
  (void)run(answers + model());
  EXPECT_EQ(dropped("02-answers"), (Reasons{"no-answer none", "no-answer chatty",
                                            "choice-without-value missing", "model-unclear mute"}));
  std::map<std::string, Json> kept;
  for (const Json& record : lines("out/steps/02-answers/kept.jsonl")) kept[record["id"]] = record;
  EXPECT_EQ(kept["same"]["answer"], "\\frac{1}{2}");
  EXPECT_EQ(kept["two"]["answer"], (Json{"3", "4"}));
  EXPECT_EQ(kept["boxed"]["answer"], "7");
  EXPECT_EQ(kept["choice"]["answer"], "2");
  EXPECT_EQ(kept["choice"]["problem"], "Sum?");
  EXPECT_EQ(kept["choice"]["multiple_choice"], "Sum? A) one B) two");
  EXPECT_EQ(kept["open"]["answer"], "B");
  (void)run(answers + "disagreement = \"drop\"\n" + model());
  EXPECT_EQ(dropped("02-answers")[0], "answers-differ two");
}

TEST_F(AskedStepsTest, DifficultyAndPools) {
  problems({{{"id", "easy"}, {"problem", "1+1?"}, {"answer", "2"}},
            {{"id", "half"}, {"problem", "1+2?"}, {"answer", "3"}},
            {{"id", "never"}, {"problem", "1+3?"}, {"answer", "4"}},
            {{"id", "none"}, {"problem", "1+4?"}}});
  script_ = [](const std::string& question, int64_t n) -> Reply {
    if (question.starts_with("Problem:")) return {n == 0 ? "no number" : n == 1 ? "[[2]]" : "It is [[3.5]]"};
    if (question.starts_with("1+1?")) return {"\\boxed{2}"};
    if (question.starts_with("1+2?")) return {n % 2 == 0 ? "\\boxed{3}" : "it is 3"};
    return {"\\boxed{5}"};
  };
  const std::string difficulty = "[[step]]\nkind = \"difficulty\"\n";
  const std::string pools = "[[step]]\nkind = \"pools\"\n[[step]]\nkind = \"write\"\n";
  const PipelineOutcome outcome = run(kIngest + difficulty + model("samples = 4\n") + pools);
  EXPECT_EQ(dropped("02-difficulty"), (Reasons{"no-answer none"}));
  EXPECT_EQ(lines("out/train_easy.jsonl")[0]["pass_rate"], 1.0);
  EXPECT_EQ(lines("out/train_medium.jsonl")[0]["pass_rate"], 0.5);
  EXPECT_EQ(lines("out/train_medium.jsonl")[0]["pass_samples"], 4);
  EXPECT_EQ(lines("out/train_hard.jsonl")[0]["pass_rate"], 0.0);
  EXPECT_EQ(outcome.steps[2].summary.figures,
            (std::vector<std::pair<std::string, int64_t>>{{"in hard", 1}, {"in medium", 1}, {"in easy", 1}}));
  (void)run(kIngest + difficulty + "least = 0.1\nmost = 0.9\n" + model("samples = 4\n"));
  EXPECT_EQ(dropped("02-difficulty"), (Reasons{"too-high easy", "too-low never", "no-answer none"}));
  (void)run(kIngest + difficulty + "by = \"judgement\"\n" + model("samples = 3\n"));
  const Json record = lines("out/steps/02-difficulty/kept.jsonl")[0];
  EXPECT_EQ(record["difficulty"], 2.75);  // what has no number does not count
  EXPECT_EQ(record["difficulty_ratings"], 2);
  EXPECT_EQ(refusal(kIngest + std::string("[[step]]\nkind = \"pools\"\n")),
            "p.toml: step.1: leaves no record of 4; look at what it dropped: deepscaler data show out");
  EXPECT_EQ(dropped("02-pools")[0], "no-number easy");
}

TEST_F(AskedStepsTest, RefusesWithPlaceAndRemedy) {
  problems({problem("a", "a?")});
  const auto step = [&](const std::string& keys) { return refusal(kIngest + ("[[step]]\n" + keys)); };
  EXPECT_EQ(step("kind = \"answers\"\nchoices = \"model\"\n"),
            "p.toml: step.1.choices: asks a model, and none is named; name it in [step.model]");
  EXPECT_EQ(step("kind = \"difficulty\"\n"),
            "p.toml: step.1.model: names no model; give a folder, a GGUF file, or a name and an endpoint");
  EXPECT_EQ(
      step("kind = \"proofs\"\n[step.model]\nendpoint = \"http://127.0.0.1:1/v1\"\n"),
      "p.toml: step.1.model.model: is empty, and the endpoint must know which model is meant; give the name "
      "that the endpoint has for it");
  EXPECT_EQ(step("kind = \"proofs\"\n[step.model]\nmodel = \"m\"\nendpoint = \"localhost\"\n"),
            "p.toml: step.1.model.endpoint: localhost is no URL; give one as http://127.0.0.1:8080/v1");
  EXPECT_EQ(step("kind = \"proofs\"\n[step.model]\nmodel = \"none\"\n"),
            "none: there is no such model; check the path");
  EXPECT_EQ(step("kind = \"pools\"\nedges = [0.5]\n"),
            "p.toml: step.1.edges: are 1 for 3 pools; give one fewer than names");
  EXPECT_EQ(step("kind = \"pools\"\nedges = [0.5, 0.1]\n"),
            "p.toml: step.1.edges: do not rise; order them from the lowest to the highest");
  EXPECT_EQ(step("kind = \"pools\"\nnames = [\"a\", \"b/c\", \"d\"]\n"),
            "p.toml: step.1.names: \"b/c\" can't name a file of its own; use letters, digits and _, each "
            "name once");
}

}  // namespace
}  // namespace deepscaler
