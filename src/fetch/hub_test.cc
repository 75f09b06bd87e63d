// Against a server of the test's own on 127.0.0.1 that behaves as the hub does.
#include "fetch/hub.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "base/file.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "fetch/repository.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

// Not periodic in anything, so that a byte in the wrong place shows.
std::string weights() {
  std::string bytes(300'000, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

class HubTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("no_proxy", "127.0.0.1", 1);
    hash_ = sha256_hex(weights_);
    serve();
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    options_.endpoint = fmt::format("http://127.0.0.1:{}", port_);
    options_.retry_delay_ms = 1;
  }
  void TearDown() override {
    server_.stop();
    thread_.join();
  }

  void serve() {
    server_.Get("/api/models/me/model", [this](const httplib::Request& request, httplib::Response& response) {
      token_seen_ = request.get_header_value("Authorization");
      response.set_content(fmt::format(R"({{"sha": "abc123", "siblings": [
            {{"rfilename": "config.json", "size": 2}},
            {{"rfilename": "model.safetensors", "size": {}, "lfs": {{"sha256": "{}", "size": {}}}}},
            {{"rfilename": "onnx/model.onnx", "size": 9}}]}})",
                                       weights_.size(), hash_, weights_.size()),
                           "application/json");
    });
    server_.Get("/api/models/me/escape", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(R"({"siblings": [{"rfilename": "../x.json", "size": 2}]})", "application/json");
    });
    server_.Get("/api/models/me/nonsense", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("<html>", "text/html");
    });
    server_.Get("/api/models/me/gated",
                [](const httplib::Request&, httplib::Response& response) { response.status = 401; });
    server_.Get("/api/models/me/broken",
                [](const httplib::Request&, httplib::Response& response) { response.status = 503; });
    server_.Get("/me/model/resolve/abc123/config.json",
                [](const httplib::Request&, httplib::Response& response) {
                  response.set_content("{}", "application/json");
                });
    // As the hub does for large files: a redirect to where they are stored.
    server_.Get("/me/model/resolve/abc123/model.safetensors",
                [](const httplib::Request&, httplib::Response& response) {
                  response.set_redirect("/storage/blob", 302);
                });
    server_.Get("/storage/blob", [this](const httplib::Request& request, httplib::Response& response) {
      ranges_.push_back(request.get_header_value("Range"));
      if (cuts_-- > 0) return cut(request, response);
      if (ignores_ranges_) const_cast<httplib::Request&>(request).ranges.clear();
      response.set_content(weights_, "application/octet-stream");
    });
  }

  // Answers with the announced length, but stops after 100,000 bytes of it.
  void cut(const httplib::Request& request, httplib::Response& response) {
    const size_t begin = request.ranges.empty() ? 0 : static_cast<size_t>(request.ranges[0].first);
    response.set_content_provider(weights_.size(), "application/octet-stream",
                                  [this, begin](size_t offset, size_t, httplib::DataSink& sink) {
                                    if (offset >= begin + 100'000) return false;
                                    return sink.write(weights_.data() + offset, 50'000);
                                  });
  }

  Fetched fetch(const std::string& name = "me/model", std::vector<std::string> files = {}) {
    return fetch_repository({name, std::move(files), folder_, options_});
  }
  std::string refusal(const std::string& name, std::vector<std::string> files = {}) {
    try {
      (void)fetch(name, std::move(files));
    } catch (const Error& error) {
      std::string text = error.what();
      if (const size_t at = text.find(options_.endpoint); at != std::string::npos)
        text.replace(at, options_.endpoint.size(), "HUB");
      return text;
    }
    return "accepted";
  }
  bool has_part() const {
    for (const auto& entry : fs::directory_iterator(folder_))
      if (entry.path().extension() == ".part") return true;
    return false;
  }

  httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
  HubOptions options_;
  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
  const std::string weights_ = weights();
  std::string hash_;
  std::string token_seen_;
  std::vector<std::string> ranges_;
  std::atomic<int> cuts_ = 0;
  bool ignores_ranges_ = false;
};

TEST_F(HubTest, FetchesWhatAModelNeeds) {
  options_.http.token = "secret";
  const Fetched fetched = fetch();
  EXPECT_EQ(fetched.path, folder_);
  EXPECT_EQ(read_file(folder_ / "config.json"), "{}");
  EXPECT_TRUE(read_file(folder_ / "model.safetensors") == weights_);
  EXPECT_FALSE(fs::exists(folder_ / "onnx"));
  EXPECT_EQ(token_seen_, "Bearer secret");
  EXPECT_FALSE(has_part());

  ranges_.clear();
  (void)fetch();
  EXPECT_TRUE(ranges_.empty()) << "a whole file was fetched again";
}

TEST_F(HubTest, GoesOnAfterCutConnections) {
  cuts_ = 2;
  (void)fetch();
  EXPECT_EQ(ranges_, (std::vector<std::string>{"", "bytes=100000-", "bytes=200000-"}));
  EXPECT_TRUE(read_file(folder_ / "model.safetensors") == weights_);
}

TEST_F(HubTest, GoesOnWithAnEarlierProcessesPart) {
  write_file_atomically(folder_ / ("model.safetensors." + hash_.substr(0, 12) + ".part"),
                        weights_.substr(0, 123));
  (void)fetch();
  EXPECT_EQ(ranges_, std::vector<std::string>{"bytes=123-"});
  EXPECT_TRUE(read_file(folder_ / "model.safetensors") == weights_);
}

TEST_F(HubTest, StartsAgainWhereRangesAreIgnored) {
  write_file_atomically(folder_ / ("model.safetensors." + hash_.substr(0, 12) + ".part"), "wrong beginning");
  ignores_ranges_ = true;
  (void)fetch();
  EXPECT_TRUE(read_file(folder_ / "model.safetensors") == weights_);
}

// Only a cache is ours: elsewhere the files of somebody else stay as they are.
TEST_F(HubTest, LeavesAFolderOfOthersAlone) {
  write_file_atomically(folder_ / "config.json", "mine");
  EXPECT_EQ(refusal("me/model"),
            folder_.string() +
                ": is there already, not empty, and no earlier fetch of this repository; "
                "choose another --output");
  EXPECT_EQ(read_file(folder_ / "config.json"), "mine");
  (void)fetch_repository({"me/model", {}, folder_, options_, /*in_cache=*/true});
  EXPECT_TRUE(read_file(folder_ / "model.safetensors") == weights_);
}

TEST_F(HubTest, GoesOnWithItsOwnFolder) {
  (void)fetch();
  std::filesystem::remove(folder_ / "model.safetensors");
  (void)fetch();
  EXPECT_TRUE(read_file(folder_ / "model.safetensors") == weights_);
}

TEST_F(HubTest, GivesUpWithoutProgress) {
  options_.attempts = 2;
  server_.stop();
  EXPECT_TRUE(refusal("me/model").ends_with("check the network")) << refusal("me/model");
}

TEST_F(HubTest, RefusesAWrongHashAndForgetsTheFile) {
  hash_ = std::string(64, '0');
  EXPECT_EQ(refusal("me/model"),
            "HUB/me/model/resolve/abc123/model.safetensors: the file's SHA-256 is not the one announced; "
            "try again");
  EXPECT_FALSE(fs::exists(folder_ / "model.safetensors"));
  EXPECT_FALSE(has_part());
}

TEST_F(HubTest, ServesFromAnEarlierFetchWhenTheHubIsGone) {
  (void)fetch();
  server_.stop();
  EXPECT_EQ(fetch().source, "an earlier fetch, revision abc123");
  EXPECT_TRUE(refusal("me/model", {"other.json"}).ends_with("check the network"));
}

TEST_F(HubTest, ChoosesByPattern) {
  const HubListing listing = list_hub_repository(options_, "me/model");
  const auto chosen = choose_hub_files("me/model", listing.files, {"onnx/*"});
  ASSERT_EQ(chosen.size(), 1u);
  EXPECT_EQ(chosen[0].path, "onnx/model.onnx");
  EXPECT_EQ(choose_hub_files("datasets/me/data", listing.files, {}).size(), 3u);
}

TEST_F(HubTest, RefusesInOneLine) {
  EXPECT_EQ(refusal("me/none"),
            "HUB/api/models/me/none?blobs=true: the server answers 404 (not found); check the name");
  EXPECT_EQ(refusal("me/gated"),
            "HUB/api/models/me/gated?blobs=true: the server answers 401 (no access); if it is gated, accept "
            "its terms on its page and set HF_TOKEN to a token that may read it");
  EXPECT_EQ(refusal("me/broken"),
            "HUB/api/models/me/broken?blobs=true: the server answers 503; try again later");
  EXPECT_EQ(refusal("me/nonsense"),
            "HUB/api/models/me/nonsense?blobs=true: the answer is not a repository's listing; check "
            "HF_ENDPOINT");
  EXPECT_EQ(refusal("me/escape"),
            "HUB/api/models/me/escape?blobs=true: lists a file with the path \"../x.json\"; don't use this "
            "repository");
  EXPECT_EQ(refusal("me/model", {"*.gguf"}),
            "me/model: has no file *.gguf; choose with --file among: config.json, model.safetensors, "
            "onnx/model.onnx");
  for (const char* name : {"model", "a/b/c", "../b", "a/..", "a/b?x", ""})
    EXPECT_EQ(refusal(name), fmt::format("{}is not the name of a repository; write OWNER/NAME or "
                                         "datasets/OWNER/NAME",
                                         *name ? std::string(name) + ": " : ""));
}

}  // namespace
}  // namespace deepscaler
