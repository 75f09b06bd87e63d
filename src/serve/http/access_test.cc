#include "serve/http/access.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

int status_of(const Access& access, const std::string& method, HttpHeaders headers,
              const std::string& path = "/v1/x") {
  if (method == "POST") headers.emplace_back("content-type", "application/json; charset=utf-8");
  const auto refused = access.refuse({.method = method, .path = path, .headers = std::move(headers)});
  return refused ? refused->status : 200;
}

// DNS rebinding: a page of evil.example reads 127.0.0.1 under its own name.
TEST(Access, OnLoopbackTheHostIsOneOfLoopbacksNames) {
  const Access access({});
  for (const char* host :
       {"localhost", "LocalHost:8080", "127.0.0.1:1", "127.9.9.9", "[::1]:8080", "a.localhost"}) {
    EXPECT_EQ(status_of(access, "GET", {{"host", host}}), 200) << host;
  }
  for (const char* host :
       {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "", "192.168.0.2"}) {
    EXPECT_EQ(status_of(access, "GET", {{"host", host}}), 403) << host;
  }
  EXPECT_EQ(status_of(Access({.is_loopback = false}), "GET", {{"host", "my.server"}}), 200);
}

TEST(Access, PagesOfOthersMayNotAsk) {
  const Access access({.origins = {"http://localhost:3000"}});
  for (const char* method : {"GET", "POST", "OPTIONS"}) {
    EXPECT_EQ(status_of(access, method, {{"host", "localhost:80"}, {"origin", "https://evil.example"}}), 403);
    EXPECT_EQ(status_of(access, method, {{"host", "localhost:80"}, {"origin", "null"}}), 403);
    EXPECT_EQ(status_of(access, method, {{"host", "localhost:80"}, {"origin", "http://localhost:80"}}), 200);
    EXPECT_EQ(status_of(access, method, {{"host", "localhost:80"}, {"origin", "http://localhost:3000"}}),
              200);
  }
  const HttpRequest asked = {.method = "OPTIONS", .headers = {{"origin", "http://localhost:3000"}}};
  EXPECT_EQ(access.cors_headers(asked)[0].second, "http://localhost:3000");
  EXPECT_TRUE(access.cors_headers({.method = "GET", .headers = {{"origin", "http://localhost:80"}}}).empty());
}

TEST(Access, KeysAreNeededWhereThereAreSome) {
  const Access access({.keys = {"alpha", "beta"}, .public_paths = {"/health"}});
  const auto with = [](const char* value) {
    return HttpHeaders{{"host", "localhost"}, {"authorization", value}};
  };
  EXPECT_EQ(status_of(access, "POST", with("Bearer alpha")), 200);
  EXPECT_EQ(status_of(access, "POST", with("bearer  beta ")), 200);
  for (const char* wrong :
       {"", "Bearer", "Bearer ", "Bearer alph", "Bearer alphaa", "alpha", "Basic alpha"}) {
    EXPECT_EQ(status_of(access, "POST", with(wrong)), 401) << wrong;
  }
  EXPECT_EQ(status_of(access, "GET", {{"host", "localhost"}}), 401);
  EXPECT_EQ(status_of(access, "GET", {{"host", "localhost"}}, "/health"), 200);
  for (const char* path : {"/health/", "//health", "/health/../v1/x", "/HEALTH", "/health%00"}) {
    EXPECT_EQ(status_of(access, "GET", {{"host", "localhost"}}, path), 401) << path;
  }
  EXPECT_EQ(status_of(access, "POST", {{"host", "localhost"}}, "/health"), 401);
  EXPECT_EQ(access.tenant({.headers = with("Bearer alpha")}), 1);
  EXPECT_EQ(access.tenant({.headers = with("Bearer beta")}), 2);
  EXPECT_EQ(Access({}).tenant({}), 0);
}

// What a page can send without asking its browser first is no JSON.
TEST(Access, APostIsJson) {
  const Access access({});
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"}) {
    const auto refused =
        access.refuse({.method = "POST", .headers = {{"host", "localhost"}, {"content-type", type}}});
    ASSERT_TRUE(refused.has_value()) << type;
    EXPECT_EQ(refused->status, 415);
  }
}

}  // namespace
}  // namespace deepscaler
