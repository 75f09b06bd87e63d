#include "cli/verify/verify_serve.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "capi/verdict_fields.h"
#include "cli/verify/verify_line.h"
#include "formats/json_text.h"

namespace deepscaler {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kPieceBytes = 1 << 16;

// The answers that are not written yet.
class Answers {
 public:
  explicit Answers(int descriptor) : descriptor_(descriptor) {}

  void add(const std::string& line) {
    text_ += line + "\n";
    if (text_.size() >= kPieceBytes) flush();
  }

  void flush() {
    for (std::string_view left = text_; !left.empty();) {
      const ssize_t written = ::write(descriptor_, left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        throw Error("verify --serve", "can't write an answer: " + std::generic_category().message(errno),
                    "read the answers to the last one");
      }
      left.remove_prefix(static_cast<size_t>(written));
    }
    text_.clear();
  }

 private:
  int descriptor_;
  std::string text_;
};

// Cuts a stream into lines, of which it keeps at most kMaxServedLineBytes.
class Lines {
 public:
  // What is in `piece`: calls take(line, is_whole) for each line that ends in it.
  template <class Take>
  void add(std::string_view piece, const Take& take) {
    for (size_t end; (end = piece.find('\n')) != piece.npos; piece.remove_prefix(end + 1)) {
      keep(piece.substr(0, end));
      finish(take);
    }
    keep(piece);
  }

  // A last line that no line break ends.
  template <class Take>
  void end(const Take& take) {
    if (!line_.empty() || !is_whole_) finish(take);
  }

 private:
  void keep(std::string_view part) {
    is_whole_ = is_whole_ && line_.size() + part.size() <= kMaxServedLineBytes;
    if (is_whole_) line_ += part;
  }

  template <class Take>
  void finish(const Take& take) {
    take(std::string_view(line_), is_whole_);
    if (line_.size() > kPieceBytes) line_.shrink_to_fit();
    line_.clear();
    is_whole_ = true;
  }

  std::string line_;
  bool is_whole_ = true;
};

std::string answer_to(std::string_view line, bool is_whole, const std::string& where,
                      const GradeOptions& options) {
  Json fields = Json::object();
  try {
    if (!is_whole) {
      throw Error(where, fmt::format("has more than {} bytes", kMaxServedLineBytes), "cut the response");
    }
    fields = parse_verify_line(line, where);
    add_verdict(fields, grade_input(verify_input_of(fields, where), options));
  } catch (const Error& error) {
    fields["error"] = error.what();
  }
  return json_line(fields);
}

}  // namespace

void serve_verdicts(int input, int output, const GradeOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);  // a client that has gone is an error like others
  use_common_float_mode();
  Answers answers(output);
  Lines lines;
  int64_t number = 0;
  const auto take = [&](std::string_view line, bool is_whole) {
    answers.add(answer_to(line, is_whole, fmt::format("line {}", ++number), options));
  };
  std::vector<char> piece(kPieceBytes);
  for (;;) {
    answers.flush();
    const ssize_t size = ::read(input, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      throw Error("verify --serve", "can't read: " + std::generic_category().message(errno),
                  "give the lines on standard input");
    }
    if (size == 0) break;
    lines.add(std::string_view(piece.data(), static_cast<size_t>(size)), take);
  }
  lines.end(take);
  answers.flush();
}

}  // namespace deepscaler
