// Against a server of the test's own on 127.0.0.1, which answers as it is told.
#include "fetch/chat_endpoint.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <cstdlib>
#include <deque>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "fetch/http.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kAnswer = R"({"choices": [{"message": {"role": "assistant", "content": "4",
  "reasoning_content": "2 and 2"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 7, "completion_tokens": 3}})";

struct Reply {
  int status = 200;
  std::string body = kAnswer;
  std::string retry_after = "";
};

class ChatEndpointTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("no_proxy", "127.0.0.1", 1);
    server_.Post("/v1/chat/completions",
                 [this](const httplib::Request& request, httplib::Response& response) {
                   const std::lock_guard lock(mutex_);
                   asked_.push_back(request.body);
                   keys_.insert(request.get_header_value("Authorization"));
                   types_.insert(request.get_header_value("Content-Type"));
                   Reply reply;
                   if (!replies_.empty()) {
                     reply = replies_.front();
                     replies_.pop_front();
                   }
                   response.status = reply.status;
                   if (!reply.retry_after.empty()) response.set_header("Retry-After", reply.retry_after);
                   response.set_content(reply.body, "application/json");
                 });
    const int port = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    options_.url = fmt::format("http://127.0.0.1:{}/v1", port);
    options_.retry_delay_ms = 1;
  }
  void TearDown() override {
    server_.stop();
    thread_.join();
  }

  // The fault without its first words, which have the port.
  std::string fault_of(const Json& request) {
    try {
      (void)ChatEndpoint(options_).ask(request);
    } catch (const Error& error) {
      const std::string start = options_.url + "/chat/completions: ", text = error.what();
      EXPECT_TRUE(text.starts_with(start)) << text;
      return text.substr(std::min(start.size(), text.size()));
    }
    return "no error";
  }

  const Json request_ = {{"model", "m"}, {"messages", {{{"role", "user"}, {"content", "2 + 2?"}}}}};
  httplib::Server server_;
  std::thread thread_;
  std::mutex mutex_;
  std::deque<Reply> replies_;
  std::vector<std::string> asked_;
  std::set<std::string> keys_, types_;
  ChatEndpointOptions options_;
};

TEST_F(ChatEndpointTest, AsksAsOpenAiClientsDo) {
  options_.key = "secret";
  options_.url += "/";
  const ChatAnswer answer = ChatEndpoint(options_).ask(request_);
  ASSERT_EQ(answer.choices.size(), 1u);
  EXPECT_EQ(answer.choices[0].content, "4");
  EXPECT_EQ(answer.choices[0].reasoning, "2 and 2");
  EXPECT_EQ(answer.choices[0].finish_reason, "stop");
  EXPECT_EQ(answer.prompt_tokens, 7);
  EXPECT_EQ(answer.completion_tokens, 3);
  EXPECT_EQ(asked_, std::vector{request_.dump()});
  EXPECT_EQ(keys_, std::set<std::string>{"Bearer secret"});
  EXPECT_EQ(types_, std::set<std::string>{"application/json"});
}

TEST_F(ChatEndpointTest, AsksAgainForWhatIsRefusedForNow) {
  for (const int status : {408, 409, 429, 500, 502, 503}) replies_.push_back({.status = status});
  replies_.push_back({.status = 429, .retry_after = "0.01"});
  std::vector<std::string> faults;
  options_.on_retry = [&](const std::string& fault) { faults.push_back(fault.substr(0, 22)); };
  EXPECT_EQ(ChatEndpoint(options_).ask(request_).choices[0].content, "4");
  EXPECT_EQ(asked_.size(), 8u);
  EXPECT_EQ(faults.size(), 7u);
  EXPECT_EQ(faults[0], "the server answers 408");
}

TEST_F(ChatEndpointTest, AsksOnceForWhatIsRefusedForGood) {
  replies_.push_back({.status = 400, .body = R"({"error": {"message": "n is\nno number"}})"});
  EXPECT_EQ(fault_of(request_),
            "the server answers 400: n is no number; check the request and the model's name");
  replies_.push_back({.status = 404, .body = R"({"error": "no model m"})"});
  EXPECT_EQ(fault_of(request_), "the server answers 404: no model m; check the request and the model's name");
  replies_.push_back({.status = 401, .body = ""});
  EXPECT_EQ(fault_of(request_), "the server answers 401; check the key");
  replies_.push_back({.status = 501, .body = "<html>"});
  EXPECT_EQ(fault_of(request_), "the server answers 501: <html>; check the request and the model's name");
  replies_.push_back({.status = 302, .body = ""});
  EXPECT_EQ(fault_of(request_), "the server answers 302; check the request and the model's name");
  EXPECT_EQ(asked_.size(), 5u);
}

TEST_F(ChatEndpointTest, PatienceHasAnEnd) {
  options_.patience_s = 0.05;
  replies_.push_back({.status = 429, .body = R"({"error": {"message": "full"}})", .retry_after = "3600"});
  EXPECT_EQ(fault_of(request_),
            "no answer within 0.05 s; last: the server answers 429: full; try again later");
  EXPECT_EQ(asked_.size(), 1u);
  options_.url = "http://127.0.0.1:1/v1";  // where nobody listens
  EXPECT_TRUE(fault_of(request_).starts_with("no answer within 0.05 s; last: ")) << fault_of(request_);
}

TEST_F(ChatEndpointTest, WhatIsNoAnswerIsSaid) {
  for (const char* body : {"", "<html>", "{}", R"({"choices": []})", R"({"choices": [{"text": "4"}]})"}) {
    replies_.push_back({.body = body});
    EXPECT_EQ(fault_of(request_),
              "what comes is no answer of /chat/completions; check that the URL ends before /chat");
  }
  EXPECT_THROW(ChatEndpoint({.url = "localhost:8080"}), Error);
}

TEST_F(ChatEndpointTest, DeepAnswersAreNone) {
  const TemporaryFolder folder;
  options_.cache = folder.path();
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  replies_.push_back({.body = Json::parse(kAnswer).dump().insert(1, "\"extra\": " + deep + ", ")});
  EXPECT_EQ(fault_of(request_),
            "what comes is no answer of /chat/completions; check that the URL ends before /chat");
  replies_.push_back({.status = 400, .body = "{\"error\": " + deep + "}"});
  EXPECT_TRUE(fault_of(request_).starts_with("the server answers 400: {\"error\": [[["))
      << fault_of(request_);
}

TEST_F(ChatEndpointTest, KeptAnswersAreNotAskedForAgain) {
  const TemporaryFolder folder;
  options_.cache = folder / "answers";
  replies_.push_back({.status = 400});
  EXPECT_NE(fault_of(request_), "no error");  // which is not kept
  EXPECT_FALSE(ChatEndpoint(options_).ask(request_).was_kept);
  const ChatAnswer again = ChatEndpoint(options_).ask(request_);
  EXPECT_TRUE(again.was_kept);
  EXPECT_EQ(again.choices[0].content, "4");
  EXPECT_EQ(again.completion_tokens, 3);
  EXPECT_EQ(asked_.size(), 2u);
  Json other = request_;
  other["seed"] = 1;
  EXPECT_FALSE(ChatEndpoint(options_).ask(other).was_kept);
  for (const auto& file : std::filesystem::recursive_directory_iterator(options_.cache)) {
    if (file.is_regular_file()) write_file_atomically(file.path(), "{");
  }
  EXPECT_THROW((void)ChatEndpoint(options_).ask(request_), Error);
}

TEST_F(ChatEndpointTest, WhatAnswersNothingIsNotKept) {
  const TemporaryFolder folder;
  options_.cache = folder / "answers";
  const auto body = [](const char* content, const char* reason) {
    return Json{{"choices", {{{"message", {{"content", content}}}, {"finish_reason", reason}}}}}.dump();
  };
  replies_.push_back({.body = body("", "stop")});
  EXPECT_EQ(ChatEndpoint(options_).ask(request_).choices[0].fault(), "the answer is empty");
  replies_.push_back({.body = body("a part", "content_filter")});
  EXPECT_EQ(ChatEndpoint(options_).ask(request_).choices[0].fault(),
            "the server withholds its answer (content_filter)");
  replies_.push_back({.body = body("", "length")});  // its thoughts, which it doesn't show, took all tokens
  EXPECT_EQ(ChatEndpoint(options_).ask(request_).choices[0].fault(), "");
  EXPECT_TRUE(ChatEndpoint(options_).ask(request_).was_kept);
  EXPECT_EQ(asked_.size(), 3u);
}

TEST_F(ChatEndpointTest, APromptThatIsTooLongIsTold) {
  const Reply replies[] = {
      {.status = 413, .body = ""},
      {.status = 400, .body = R"({"error": {"message": "m", "code": "context_length_exceeded"}})"},
      {.status = 400,
       .body = R"({"error": {"message": "This model's maximum context length is 8 tokens."}})"},
      {.status = 400, .body = R"({"error": {"message": "m", "type": "exceed_context_size_error"}})"},
      {.status = 400, .body = R"({"error": {"message": "2, but there is room for 8 tokens together"}})"}};
  for (const Reply& reply : replies) {
    replies_.push_back(reply);
    EXPECT_THROW((void)ChatEndpoint(options_).ask(request_), PromptTooLong) << reply.body;
  }
}

TEST_F(ChatEndpointTest, SeedsAreOfItemAndSampleIn31Bits) {
  std::set<int64_t> seeds;
  for (const uint64_t seed : {uint64_t{1}, ~uint64_t{0}}) {
    for (const char* item : {"a", "b"}) {
      for (int64_t sample = 0; sample < 100; ++sample) seeds.insert(request_seed(seed, item, sample));
    }
  }
  EXPECT_EQ(seeds.size(), 400u);
  EXPECT_GE(*seeds.begin(), 0);
  EXPECT_LT(*seeds.rbegin(), int64_t{1} << 31);
}

TEST_F(ChatEndpointTest, ManyAreAskedSideBySide) {
  ChatEndpoint endpoint(options_);
  std::set<int64_t> answered;
  ChatJob job = {.requests = 20,
                 .side_by_side = 4,
                 .request =
                     [&](int64_t i) {
                       Json request = request_;
                       request["seed"] = i;
                       return request;
                     },
                 .purpose = [](int64_t i) { return fmt::format("request {}", i); },
                 .on_answer =
                     [&](int64_t i, ChatAnswer&& answer) {
                       EXPECT_EQ(answer.choices.size(), 1u);
                       answered.insert(i);
                     }};
  ask_all(endpoint, job);
  EXPECT_EQ(answered.size(), 20u);
  EXPECT_EQ(std::set(asked_.begin(), asked_.end()).size(), 20u);
  replies_.push_back({.status = 400});
  job.requests = 100;
  try {
    ask_all(endpoint, job);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("request ")) << error.what();
  }
  EXPECT_LT(asked_.size(), 100u);
}

TEST_F(ChatEndpointTest, RequestsKeepTheirDistance) {
  options_.requests_per_minute = 1200;  // 50 ms apart
  ChatEndpoint endpoint(options_);
  const auto begin = std::chrono::steady_clock::now();
  ask_all(endpoint, {.requests = 4,
                     .side_by_side = 4,
                     .request = [&](int64_t) { return request_; },
                     .purpose = [](int64_t) { return ""; },
                     .on_answer = [](int64_t, ChatAnswer&&) {}});
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(150));
}

}  // namespace
}  // namespace deepscaler
