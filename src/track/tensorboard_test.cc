#include "track/tensorboard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace deepscaler {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

// RFC 3720, appendix B.4.
TEST(Tensorboard, Crc32cOfPublishedVectors) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
}

// Written by TensorBoard 2.21's own protobuf classes and RecordWriter.
TEST(Tensorboard, BytesAreTensorBoardsOwn) {
  EXPECT_EQ(hex(version_event(1.5)), "09000000000000f83f1a0d627261696e2e4576656e743a32");
  EXPECT_EQ(hex(scalar_event(1.5, 300, "loss", 0.25f)),
            "09000000000000f83f10ac022a0d0a0b0a046c6f7373150000803e");
  const double values[] = {2, 2};
  EXPECT_EQ(hex(histogram_event(1.5, 300, "length", values)),
            "09000000000000f83f10ac022a4d0a4b0a066c656e6774682a4109000000000000004011000000000000004019000000"
            "0000000040210000000000001040290000000000002040320800000000000000403a080000000000000040");
  EXPECT_EQ(
      hex(text_event(1.5, 300, "sample", "**hi**")),
      "09000000000000f83f10ac022a330a310a1373616d706c652f746578745f73756d6d617279421008071204120208014206"
      "2a2a68692a2a4a080a060a0474657874");
  EXPECT_EQ(hex(event_record("brain.Event:2")), "0d000000000000003c37b834627261696e2e4576656e743a32ee01067c");
}

class EventFileTest : public testing::Test {
 protected:
  uint64_t size() const { return std::filesystem::file_size(path_); }

  const TemporaryFolder temporary_;
  const std::filesystem::path path_ = temporary_ / "tfevents.cut";
};

TEST_F(EventFileTest, GoesOnWithOneVersionRecord) {
  {
    EventFile file(path_);
    Metrics metrics;
    metrics.set("loss", 0.5);
    metrics.set("eval/pass@1", std::nan(""));
    file.scalars(1, metrics);
    const double lengths[] = {1, 5, 2.5};
    file.histogram(1, "completions/lengths", lengths);
  }
  const uint64_t before = size();
  { EventFile again(path_); }
  EXPECT_EQ(size(), before);
  EventFile(path_).histogram(1, "nothing", std::vector<double>{std::nan("")});
  EXPECT_EQ(size(), before);
  EventFile(path_).text(1, "sample", "text");
  EXPECT_GT(size(), before);
}

}  // namespace
}  // namespace deepscaler
