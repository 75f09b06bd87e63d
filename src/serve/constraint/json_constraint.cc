#include "serve/constraint/json_constraint.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deepscaler {
namespace {

constexpr std::string_view kClose = "</think>";

}  // namespace

class JsonConstraint::Response : public ConstrainedResponse {
 public:
  explicit Response(const JsonConstraint& constraint)
      : table_(constraint.table_),
        progress_(constraint.schema_),
        is_thinking_(constraint.thoughts_ == ThoughtsBefore::kOpened),
        may_think_(constraint.thoughts_ == ThoughtsBefore::kMayCome) {}

  [[nodiscard]] std::span<const int32_t> allowed() override {
    if (is_thinking_) {
      // A thought may not run into what is no beginning of the value.
      allowed_.clear();
      for (int32_t token : table_.going_on())
        if (after_thoughts(token) != Thought::kRunsOn) allowed_.push_back(token);
      return allowed_;
    }
    allowed_ = table_.allowed(progress_);
    if (may_think_ && table_.opens_thoughts()) {
      const int32_t think = *table_.opens_thoughts();
      allowed_.insert(std::ranges::lower_bound(allowed_, think), think);
    }
    return allowed_;
  }

  void advance(int32_t token) override {
    const std::string_view bytes = table_.bytes(token);
    if (is_thinking_) {
      JsonProgress progress = progress_;
      if (after_thoughts(token, &progress) == Thought::kEnds) {
        is_thinking_ = false;
        progress_ = progress;
        return;
      }
      said_ += bytes;
      if (said_.size() >= kClose.size()) said_.erase(0, said_.size() - (kClose.size() - 1));
      return;
    }
    if (std::exchange(may_think_, false) && token == table_.opens_thoughts()) {
      is_thinking_ = true;
      return;
    }
    for (char byte : bytes) (void)progress_.push(byte);
  }

 private:
  enum class Thought { kGoesOn, kEnds, kRunsOn };

  // What a token does to the thought; `progress` is told of what it has after that.
  [[nodiscard]] Thought after_thoughts(int32_t token, JsonProgress* progress = nullptr) const {
    const std::string_view bytes = table_.bytes(token);
    if (bytes.find('>') == std::string_view::npos) return Thought::kGoesOn;
    const std::string text = said_ + std::string(bytes);
    const size_t end = text.find(kClose);
    if (end == std::string::npos) return Thought::kGoesOn;
    JsonProgress own = progress_;
    for (char byte : std::string_view(text).substr(end + kClose.size()))
      if (!own.push(byte)) return Thought::kRunsOn;
    if (progress != nullptr) *progress = own;
    return Thought::kEnds;
  }

  const TokenTable& table_;
  JsonProgress progress_;
  bool is_thinking_, may_think_;
  std::string said_;  // the last of its thoughts, of which </think> may be made
  std::vector<int32_t> allowed_;
};

JsonConstraint::JsonConstraint(const TokenTable& table, JsonSchema schema, ThoughtsBefore thoughts)
    : table_(table), schema_(std::move(schema)), thoughts_(thoughts) {}

std::unique_ptr<ConstrainedResponse> JsonConstraint::begin() const {
  return std::make_unique<Response>(*this);
}

}  // namespace deepscaler
