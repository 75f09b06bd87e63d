// What a client may not send, and what becomes of one that dawdles.
#include "serve/http/http_server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "serve/http/raw_client_test.h"

namespace deepscaler {
namespace {

constexpr HttpLimits kLimits = {.header_bytes = 2000,
                                .target_bytes = 200,
                                .headers = 10,
                                .body_bytes = 1000,
                                .all_bodies_bytes = 1500,
                                .connections = 3,
                                .header_time = std::chrono::milliseconds(150),
                                .body_time = std::chrono::milliseconds(150),
                                .idle_time = std::chrono::milliseconds(300)};

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest()
      : server_(
            "127.0.0.1", 0, kLimits, [](const HttpRequest&) { return std::nullopt; },
            [this](HttpRequest&& request, std::shared_ptr<HttpReply> reply) {
              if (request.path == "/held") {
                held_ = std::move(reply);
              } else {
                reply->send({.body = request.method + " " + request.path + " " + request.body});
              }
              ++handled_;  // held_ may be read then
            }),
        thread_([this] { server_.run(); }) {}
  ~HttpServerTest() override {
    held_.reset();
    server_.stop();
    thread_.join();
  }

  // The status of the answer, after which the server must close the connection.
  std::string refusal_of(const std::string& request) {
    const RawClient client(server_.port());
    client.send(request);
    const std::string answer = client.read();
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
    return answer.substr(0, answer.find("\r\n"));
  }

  std::atomic<int> handled_ = 0;
  std::shared_ptr<HttpReply> held_;
  HttpServer server_;
  std::thread thread_;
};

TEST_F(HttpServerTest, AnswersOneRequestAfterTheOther) {
  const RawClient client(server_.port());
  for (int i = 0; i < 3; ++i) {
    client.send("POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    const std::string answer = client.read("POST /a hi");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_NE(answer.find("X-Content-Type-Options: nosniff\r\n"), std::string::npos);
  }
  client.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string both = client.read();
  EXPECT_NE(both.find("GET /b "), std::string::npos);
  EXPECT_NE(both.find("GET /c "), std::string::npos);
}

TEST_F(HttpServerTest, RefusesWhatMayNotBeSent) {
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
  std::string many = head;
  for (int i = 0; i < 10; ++i) many += fmt::format("X-{}: y\r\n", i);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {head + "X: " + std::string(3000, 'y') + "\r\n\r\n", "HTTP/1.1 431 Request Header Fields Too Large"},
      {many + "\r\n", "HTTP/1.1 431 Request Header Fields Too Large"},
      {"GET /" + std::string(300, 'y') + " HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 414 URI Too Long"},
      {head + "Content-Length: 1001\r\n\r\n", "HTTP/1.1 413 Payload Too Large"},
      {head + "Content-Length: 99999999999999999999\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {head + "Content-Length: -1\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {head + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "HTTP/1.1 411 Length Required"},
      {head + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 400 Bad Request"},
      {head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "HTTP/1.1 400 Bad Request"},
      {head + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 415 Unsupported Media Type"},
      {head + "Expect: miracles\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 417 Expectation Failed"},
      {head + "Host: y\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {"GET / HTTP/1.1\nHost: x\n\n", "HTTP/1.1 400 Bad Request"},
      {"GET / HTTP/1.1\r\nHost: x\rY: z\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {"GET / HTTP/1.1\r\nHost : x\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {"\x16\x03\x01\x02", "HTTP/1.1 400 Bad Request"},  // TLS
  };
  for (const auto& [request, status] : cases) EXPECT_EQ(refusal_of(request), status) << request;
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, SaysThatABodyMayCome) {
  const RawClient client(server_.port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  EXPECT_TRUE(client.read("POST / hi").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpServerTest, ClosesWhoDawdles) {
  for (const char* part : {"", "GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nh"}) {
    const RawClient client(server_.port());
    client.send(part);
    EXPECT_EQ(client.read(), "") << part;
  }
  EXPECT_EQ(handled_, 0);
}

// Ended by its time, this would take 20 s.
TEST_F(HttpServerTest, TakesNoMoreConnectionsThanAllowed) {
  const RawClient first(server_.port()), second(server_.port()), third(server_.port());
  first.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
  while (handled_ == 0) std::this_thread::yield();
  const RawClient fourth(server_.port());
  EXPECT_EQ(fourth.read(), "");
}

TEST_F(HttpServerTest, BodiesTogetherAreBounded) {
  const RawClient first(server_.port());
  first.send("POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n" + std::string(900, 'x'));
  while (handled_ == 0) std::this_thread::yield();
  const std::string second =
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 700\r\n\r\n" + std::string(700, 'x');
  EXPECT_EQ(refusal_of(second), "HTTP/1.1 503 Service Unavailable");
  held_->send({});
  EXPECT_TRUE(first.read("\r\n\r\n").starts_with("HTTP/1.1 200"));
  const RawClient again(server_.port());
  again.send(second);
  EXPECT_TRUE(again.read("xxx").starts_with("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, SeesThatAClientHasGone) {
  {
    const RawClient client(server_.port());
    client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    while (handled_ == 0) std::this_thread::yield();
    EXPECT_FALSE(held_->is_gone());
  }
  while (!held_->is_gone()) std::this_thread::yield();
  held_->send({});  // nothing happens
}

TEST_F(HttpServerTest, AnswersInPieces) {
  const RawClient client(server_.port());
  client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
  while (handled_ == 0) std::this_thread::yield();
  held_->begin({.body = "one", .content_type = "text/event-stream"});
  held_->write("");
  held_->write("two");
  held_->end();
  const std::string answer = client.read("0\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")) << answer;
}

TEST_F(HttpServerTest, AReplyGivenUpClosesTheConnection) {
  const RawClient client(server_.port());
  client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
  while (handled_ == 0) std::this_thread::yield();
  held_.reset();
  EXPECT_EQ(client.read(), "");
}

}  // namespace
}  // namespace deepscaler
