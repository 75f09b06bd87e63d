#include "report/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <vector>

#include "base/integer.h"
#include "report/axis.h"
#include "report/svg.h"

namespace deepscaler {
namespace {

constexpr std::string_view kBeginning =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"deepscaler-run\" role=\"img\" ";

// Pixels.
constexpr double kLeft = 62, kRight = 62;  // room for the ticks of both axes
constexpr double kInset = 26;              // between an axis and the first or last evaluation: half a label
constexpr double kColumns = 780;           // of all columns together, where that gives each its least
constexpr double kLeastColumn = 122;
constexpr double kLabelRow = 30;  // above a panel
constexpr double kEvaluationPanel = 150, kStepPanel = 96;
constexpr double kHeadRoom = 20;  // in the panel of evaluations, for the label of the highest
constexpr double kTickSize = 11, kLabelSize = 12;
constexpr int64_t kMostPoints = 400;  // of a line in a column
constexpr int64_t kIntervals = 5;     // of a vertical axis, at most

struct Colour {
  std::string_view name, light, dark;
};
constexpr std::array<Colour, 10> kColours = {{{"paper", "#ffffff", "#0f1318"},
                                              {"band", "#f3f5f8", "#181e26"},
                                              {"grid", "#dfe3e8", "#2b333d"},
                                              {"edge", "#aab2bc", "#56616e"},
                                              {"ink", "#1b1f24", "#e4e9ef"},
                                              {"quiet", "#59636e", "#9aa6b2"},
                                              {"blue", "#0b63ce", "#5fa8ff"},
                                              {"orange", "#b35900", "#f0a04b"},
                                              {"green", "#1a7f37", "#56c271"},
                                              {"violet", "#7a45c4", "#b592f5"}}};

// Every class sets the colour, which shapes and texts take as their own.
std::string style_sheet() {
  std::string light, dark;
  for (const Colour& colour : kColours) {
    light += fmt::format(".{}{{color:{}}}", colour.name, colour.light);
    dark += fmt::format(".{}{{color:{}}}", colour.name, colour.dark);
  }
  return "text{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif}"
         "text,rect,circle{fill:currentColor}line,polyline{stroke:currentColor;fill:none}"
         "polyline{stroke-width:2;stroke-linejoin:round}.whisker{stroke-width:2}.raw{stroke-width:1;opacity:."
         "4}" +
         light + "@media(prefers-color-scheme:dark){" + dark + "}";
}

// "1 step", "2,400 steps".
std::string counted(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", tick_text(static_cast<double>(count)), noun, count == 1 ? "" : "s");
}

// A stage's place in the picture.
struct Column {
  StageTitle title;
  std::optional<TrainedStage> steps;  // none for a stage that took no step
  double left = 0, width = 0;

  [[nodiscard]] double right() const { return left + width; }
  // Where the state after `step` stands: the stage's beginning at the left edge, its last step at the right
  // one.
  [[nodiscard]] double x(int64_t step) const {
    return left + width * static_cast<double>(step - steps->first + 1) / static_cast<double>(steps->count());
  }
  [[nodiscard]] bool has(int64_t step) const { return steps && steps->first <= step && step <= steps->last; }
};

std::vector<Column> columns_of(const RunHistory& history) {
  int64_t count = 1;
  for (const TrainedStage& stage : history.stages) count = std::max(count, stage.number + 1);
  for (const StageEvaluation& evaluation : history.evaluations)
    count = std::max(count, evaluation.stages_done);
  std::vector<Column> columns(static_cast<size_t>(count));
  const double width = std::max(kLeastColumn, kColumns / static_cast<double>(count));
  for (int64_t i = 0; i < count; ++i) {
    columns[i].left = kLeft + kInset + width * static_cast<double>(i);
    columns[i].width = width;
  }
  for (const StageEvaluation& evaluation : history.evaluations) {
    if (evaluation.stages_done > 0) columns[evaluation.stages_done - 1].title.name = evaluation.title;
  }
  for (const TrainedStage& stage : history.stages) {
    columns[stage.number].title = stage.title;
    columns[stage.number].steps = stage;
  }
  return columns;
}

// The finite values of a metric in the steps of a stage.
std::vector<MetricPoint> points_of(const RunHistory& history, std::string_view metric, const Column& column) {
  std::vector<MetricPoint> points;
  const auto series = history.series.find(std::string(metric));
  if (series == history.series.end()) return points;
  for (const MetricPoint& point : series->second) {
    if (point.value && column.has(point.step)) points.push_back(point);
  }
  return points;
}

// Means of consecutive points, so that a column has no more of them than pixels can show.
std::vector<MetricPoint> thinned(const std::vector<MetricPoint>& points) {
  const int64_t each = ceil_div<int64_t>(std::max<int64_t>(1, std::ssize(points)), kMostPoints);
  std::vector<MetricPoint> means;
  for (int64_t begin = 0; begin < std::ssize(points); begin += each) {
    const int64_t end = std::min(begin + each, std::ssize(points));
    double sum = 0;
    for (int64_t i = begin; i < end; ++i) sum += *points[i].value;
    means.push_back({points[end - 1].step, sum / static_cast<double>(end - begin)});
  }
  return means;
}

// The mean of the points around each one; the window grows with the length of the line.
std::vector<MetricPoint> smoothed(const std::vector<MetricPoint>& points) {
  const int64_t half = std::ssize(points) / 40;
  std::vector<MetricPoint> means;
  for (int64_t i = 0; i < std::ssize(points); ++i) {
    const int64_t begin = std::max<int64_t>(0, i - half), end = std::min(std::ssize(points), i + half + 1);
    double sum = 0;
    for (int64_t j = begin; j < end; ++j) sum += *points[j].value;
    means.push_back({points[i].step, sum / static_cast<double>(end - begin)});
  }
  return means;
}

// What a panel draws, and where its values stand.
struct Panel {
  double top = 0, bottom = 0, head_room = 0;
  Ticks ticks;

  [[nodiscard]] double y(double value) const {
    const double share = (value - ticks.low()) / (ticks.high() - ticks.low());
    return bottom - share * (bottom - top - head_room);
  }
};

// A metric of training steps.
struct StepMetric {
  std::string_view name;  // as in metrics.jsonl
  std::string_view label;
  std::string_view colour;
};
constexpr StepMetric kReward = {"reward", "reward of each step", "green"};
constexpr StepMetric kLoss = {"loss", "loss of each step", "orange"};
constexpr StepMetric kLength = {"completions/mean_length", "response length, tokens", "violet"};

class Picture {
 public:
  explicit Picture(const RunHistory& history) : history_(history), columns_(columns_of(history)) {}

  std::string draw() {
    draw_title();
    draw_stage_names();
    if (!history_.evaluations.empty()) draw_evaluations();
    draw_training();
    draw_lengths();
    draw_steps();
    return document();
  }

 private:
  [[nodiscard]] double right() const { return columns_.back().right() + kInset; }
  [[nodiscard]] double width() const { return right() + kRight; }

  void draw_title();
  void draw_stage_names();
  void draw_evaluations();
  void draw_training();
  void draw_lengths();
  void draw_steps();
  [[nodiscard]] std::string document() const;
  [[nodiscard]] std::string description() const;

  Panel add_panel(double height);
  void draw_edges(const Panel& panel);
  void draw_ticks(const Panel& panel, Anchor side, std::string_view colour, double from, double to);
  void draw_metric(const StepMetric& metric, const Panel& panel, const Column& column);
  [[nodiscard]] std::optional<Ticks> ticks_of(const StepMetric& metric) const;
  [[nodiscard]] const StepMetric* metric_of(const Column& column) const;

  const RunHistory& history_;
  std::vector<Column> columns_;
  SvgImage image_;
  double y_ = 0;  // where what comes next begins
};

void Picture::draw_title() {
  const int64_t steps = history_.stages.empty() ? 0 : history_.stages.back().last;
  const TextStyle name = {.colour = "ink", .size = 16, .bold = true};
  const std::string text = fitted_lines(name, history_.name, right() - kLeft, 1)[0];
  image_.text(name, {kLeft, 32}, text);
  y_ = 44;
  image_.text({.colour = "quiet", .size = kLabelSize}, {kLeft, y_ + 8},
              counted(steps, "step") + " in " + counted(std::ssize(history_.stages), "stage"));
  y_ += 22;
}

// The names and, below them, what each stage is.
void Picture::draw_stage_names() {
  const TextStyle name = {.colour = "ink", .size = 13, .anchor = Anchor::kMiddle, .bold = true};
  const TextStyle kind = {.colour = "quiet", .size = kTickSize, .anchor = Anchor::kMiddle};
  std::vector<std::vector<std::string>> names;
  size_t lines = 1;
  for (const Column& column : columns_) {
    names.push_back(fitted_lines(name, column.title.name, column.width - 10, 2));
    lines = std::max(lines, names.back().size());
  }
  const double height = 17.0 * static_cast<double>(lines);
  for (size_t i = 0; i < columns_.size(); ++i) {
    const double middle = columns_[i].left + columns_[i].width / 2;
    const size_t first = lines - names[i].size();  // names stand on the line above the kinds
    for (size_t j = 0; j < names[i].size(); ++j) {
      image_.text(name, {middle, y_ + 13 + 17.0 * static_cast<double>(first + j)}, names[i][j]);
    }
    const int64_t steps = columns_[i].steps ? columns_[i].steps->count() : 0;
    const std::string& what = columns_[i].title.kind;
    const std::string text = (what.empty() ? "" : what + ", ") + counted(steps, "step");
    image_.text(kind, {middle, y_ + 12 + height}, fitted_lines(kind, text, columns_[i].width - 10, 1)[0]);
  }
  y_ += height + 18;
}

// A panel below what is drawn, with every other stage shaded.
Panel Picture::add_panel(double height) {
  const Panel panel = {.top = y_ + kLabelRow, .bottom = y_ + kLabelRow + height};
  for (size_t i = 0; i < columns_.size(); i += 2) {
    image_.rectangle("band", {columns_[i].left, panel.top}, columns_[i].width, height);
  }
  y_ = panel.bottom;
  return panel;
}

// Lines where stages end.
void Picture::draw_edges(const Panel& panel) {
  for (size_t i = 1; i < columns_.size(); ++i) {
    image_.line("edge", {columns_[i].left, panel.top}, {columns_[i].left, panel.bottom});
  }
}

// Grid lines between two places, and their numbers at one side of the panel.
void Picture::draw_ticks(const Panel& panel, Anchor side, std::string_view colour, double from, double to) {
  for (double tick : panel.ticks.values()) {
    const double y = panel.y(tick);
    image_.line("grid", {from, y}, {to, y});
    image_.text({.colour = colour, .size = kTickSize, .anchor = side},
                {side == Anchor::kEnd ? kLeft - 8 : right() + 8, y + 4}, tick_text(tick));
  }
}

void Picture::draw_evaluations() {
  double highest = 0;
  for (const StageEvaluation& e : history_.evaluations) highest = std::max(highest, 100 * e.pass_at_1.high);
  Panel panel = add_panel(kEvaluationPanel);
  panel.head_room = kHeadRoom;
  panel.ticks = ticks_around(0, std::max(highest, 1.0), kIntervals);
  image_.text({.colour = "blue", .size = kLabelSize}, {kLeft, panel.top - 8},
              fmt::format("pass@1 at the start and after each stage, % with 95 % interval ({} problems)",
                          history_.evaluations.back().problems));
  draw_ticks(panel, Anchor::kEnd, "quiet", kLeft, right());

  const auto x_of = [&](const StageEvaluation& e) {
    return e.stages_done == 0 ? columns_[0].left : columns_[e.stages_done - 1].right();
  };
  std::vector<Point> curve;
  for (const StageEvaluation& e : history_.evaluations) {
    curve.push_back({x_of(e), panel.y(100 * e.pass_at_1.mean)});
  }
  // Evaluations inside a stage.
  for (const Column& column : columns_) {
    for (const MetricPoint& point : points_of(history_, "eval/pass@1", column)) {
      if (point.step == column.steps->last) continue;
      curve.push_back({column.x(point.step), panel.y(100 * *point.value)});
      image_.disc("blue", curve.back(), 2.5);
    }
  }
  std::ranges::stable_sort(curve, {}, &Point::x);
  image_.curve("blue", curve);
  for (const StageEvaluation& e : history_.evaluations) {
    const double x = x_of(e), top = panel.y(100 * e.pass_at_1.high);
    image_.line("blue whisker", {x, panel.y(100 * e.pass_at_1.low)}, {x, top});
    image_.disc("blue", {x, panel.y(100 * e.pass_at_1.mean)}, 4.5);
    image_.text({.colour = "ink", .size = 13, .anchor = Anchor::kMiddle, .bold = true}, {x, top - 6},
                fmt::format("{:.1f}", 100 * e.pass_at_1.mean));
  }
}

// The axis of a metric over all stages that show it; none where no stage does.
std::optional<Ticks> Picture::ticks_of(const StepMetric& metric) const {
  double low = 0, high = 0;
  bool any = false;
  for (const Column& column : columns_) {
    if (metric.name == kLoss.name && metric_of(column) != &kLoss) continue;
    for (const MetricPoint& point : points_of(history_, metric.name, column)) {
      low = std::min(low, *point.value);
      high = std::max(high, *point.value);
      any = true;
    }
  }
  if (!any) return std::nullopt;
  return ticks_around(low, high, kIntervals);
}

// The reward where a stage has one, else the loss, else nothing.
const StepMetric* Picture::metric_of(const Column& column) const {
  for (const StepMetric* metric : {&kReward, &kLoss}) {
    if (!points_of(history_, metric->name, column).empty()) return metric;
  }
  return nullptr;
}

void Picture::draw_metric(const StepMetric& metric, const Panel& panel, const Column& column) {
  const auto places = [&](const std::vector<MetricPoint>& points) {
    std::vector<Point> list;
    for (const MetricPoint& point : points) list.push_back({column.x(point.step), panel.y(*point.value)});
    return list;
  };
  const std::vector<MetricPoint> points = thinned(points_of(history_, metric.name, column));
  if (points.size() >= 40) image_.curve(fmt::format("{} raw", metric.colour), places(points));
  image_.curve(metric.colour, places(smoothed(points)));
  if (points.size() == 1) image_.disc(metric.colour, places(points)[0], 3);
}

// Loss and reward share a panel: a stage shows one of them, on an axis of that colour.
void Picture::draw_training() {
  const std::optional<Ticks> reward = ticks_of(kReward), loss = ticks_of(kLoss);
  if (!reward && !loss) return;
  Panel panel = add_panel(kStepPanel);
  draw_edges(panel);
  const Anchor reward_side = loss ? Anchor::kStart : Anchor::kEnd;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const StepMetric* metric = metric_of(columns_[i]);
    if (metric == nullptr) continue;
    panel.ticks = metric == &kReward ? *reward : *loss;
    const bool first = i == 0 || metric_of(columns_[i - 1]) != metric;
    const double from = i == 0 ? kLeft : columns_[i].left;
    const double to = i + 1 == columns_.size() ? right() : columns_[i].right();
    for (double tick : panel.ticks.values()) image_.line("grid", {from, panel.y(tick)}, {to, panel.y(tick)});
    if (first)
      image_.text({.colour = metric->colour, .size = kLabelSize}, {from, panel.top - 8}, metric->label);
    draw_metric(*metric, panel, columns_[i]);
  }
  const auto number = [&](const Ticks& ticks, std::string_view colour, Anchor side) {
    panel.ticks = ticks;
    draw_ticks(panel, side, colour, kLeft, kLeft);
  };
  if (loss) number(*loss, kLoss.colour, Anchor::kEnd);
  if (reward) number(*reward, kReward.colour, reward_side);
}

void Picture::draw_lengths() {
  const std::optional<Ticks> ticks = ticks_of(kLength);
  if (!ticks) return;
  Panel panel = add_panel(kStepPanel);
  draw_edges(panel);
  panel.ticks = *ticks;
  image_.text({.colour = kLength.colour, .size = kLabelSize}, {kLeft, panel.top - 8}, kLength.label);
  draw_ticks(panel, Anchor::kEnd, kLength.colour, kLeft, right());
  for (const Column& column : columns_) {
    draw_metric(kLength, panel, column);
    if (!points_of(history_, kLength.name, column).empty()) continue;
    image_.text({.colour = "quiet", .size = kTickSize, .anchor = Anchor::kMiddle},
                {column.left + column.width / 2, (panel.top + panel.bottom) / 2}, "no responses");
  }
}

// The numbers of steps below the lowest panel. One that would touch the one before is left out.
void Picture::draw_steps() {
  y_ += 17;
  const TextStyle style = {.colour = "quiet", .size = kTickSize, .anchor = Anchor::kMiddle};
  image_.text({.colour = "quiet", .size = kTickSize, .anchor = Anchor::kEnd}, {kLeft - 8, y_}, "step");
  double free = kLeft - 4;
  for (const Column& column : columns_) {
    if (!column.steps) continue;
    for (double step : whole_ticks_within(column.steps->first - 1, column.steps->last, 5).values()) {
      const std::string text = tick_text(step);
      const double x = column.x(static_cast<int64_t>(step)), half = text_width(style, text) / 2;
      if (x - half < free) continue;
      image_.text(style, {x, y_}, text);
      free = x + half + 8;
    }
  }
  y_ += 17;
}

// What the picture says, for readers who can't see it.
std::string Picture::description() const {
  std::string text;
  for (const StageEvaluation& e : history_.evaluations) {
    text += fmt::format("{}{}{}: {:.1f} % [{:.1f}, {:.1f}]", text.empty() ? "pass@1 " : "; ",
                        e.stages_done == 0 ? "" : "after ", e.title, 100 * e.pass_at_1.mean,
                        100 * e.pass_at_1.low, 100 * e.pass_at_1.high);
  }
  return text.empty() ? "no evaluations" : text;
}

std::string Picture::document() const {
  return fmt::format(
      "{}viewBox=\"0 0 {:.0f} {:.0f}\" width=\"{:.0f}\" "
      "height=\"{:.0f}\">\n<title>{}</title>\n<desc>{}</desc>\n"
      "<style>{}</style>\n<rect class=\"paper\" width=\"{:.0f}\" height=\"{:.0f}\" rx=\"8\"/>\n{}</svg>\n",
      kBeginning, width(), y_, width(), y_, xml_text("The run " + history_.name), xml_text(description()),
      style_sheet(), width(), y_, image_.elements());
}

}  // namespace

std::string run_picture(const RunHistory& history) { return Picture(history).draw(); }

bool is_run_picture(const std::filesystem::path& path) {
  std::string beginning(kBeginning.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  return file.read(beginning.data(), std::ssize(beginning)) && beginning == kBeginning;
}

}  // namespace deepscaler
