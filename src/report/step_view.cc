#include "report/step_view.h"

#include <fmt/format.h>

namespace deepscaler {
namespace {

class View {
 public:
  explicit View(Colours colours) : colours_(colours) {}

  void show(const RecordedGroup& group, const StepFilter& filter) {
    heading("problem " + group.id);
    if (!group.problem.empty()) text_ += visible(group.problem) + "\n";
    std::string answers;
    for (const std::string& answer : group.answers)
      answers += (answers.empty() ? "" : " or ") + visible(answer);
    text_ += coloured(kDim, "reference: ") + answers + "\n\n";
    for (const RecordedSample& sample : group.samples) {
      if (!filter.sample || *filter.sample == sample.number) show(sample);
    }
  }

  std::string take() { return std::move(text_); }

 private:
  static constexpr const char* kBold = "1";
  static constexpr const char* kDim = "2";
  static constexpr const char* kGreen = "32";
  static constexpr const char* kRed = "31";
  static constexpr const char* kYellow = "33";

  void show(const RecordedSample& s) {
    const char* colour = !s.reward ? kYellow : *s.reward > 0 ? kGreen : kRed;
    std::string line = s.reward ? fmt::format("reward {:g}", *s.reward) : "undecided";
    if (s.reward_parts.size() > 1) {
      line += " (";
      for (size_t i = 0; i < s.reward_parts.size(); ++i) {
        const auto& [name, value] = s.reward_parts[i];
        line += fmt::format("{}{} {}", i == 0 ? "" : ", ", name,
                            value ? fmt::format("{:g}", *value) : "undecided");
      }
      line += ")";
    }
    text_ += coloured(colour, fmt::format("sample {}: {}", s.number, line)) +
             fmt::format(", advantage {:+.3f}, {} tokens, {}, answer '{}' ({})\n", s.advantage, s.tokens,
                         s.finish_reason == "length" ? "cut at the limit" : "ended by itself",
                         visible(s.extracted), s.reason);
    text_ += visible(s.text) + "\n\n";
  }

  void heading(const std::string& line) { text_ += coloured(kBold, "== " + visible(line)) + "\n"; }

  [[nodiscard]] std::string coloured(const char* code, const std::string& text) const {
    return colours_ == Colours::kOff ? text : fmt::format("\x1b[{}m{}\x1b[0m", code, text);
  }

  // C0 controls but for line break and tab, DEL, and C1 controls (in UTF-8: C2 80 to C2 9F).
  static std::string visible(std::string_view text) {
    std::string shown;
    for (size_t i = 0; i < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
      if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) {
        shown += fmt::format("\\x{:02x}", c);
      } else if (c == 0xC2 && next >= 0x80 && next < 0xA0) {
        shown += fmt::format("\\x{:02x}", next);
        ++i;
      } else {
        shown += text[i];
      }
    }
    return shown;
  }

  Colours colours_;
  std::string text_;
};

}  // namespace

std::string step_view(std::span<const RecordedGroup> groups, const StepFilter& filter, Colours colours) {
  View view(colours);
  for (const RecordedGroup& group : groups) {
    if (filter.problem.empty() || filter.problem == group.id) view.show(group, filter);
  }
  return view.take();
}

}  // namespace deepscaler
