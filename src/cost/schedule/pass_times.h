// How long the passes of one model take on one machine, by what is in them: the only thing that the simulated
// schedule knows of either. It is made from measurements or from a machine's figures (cost/machine_times.h).
#pragma once

#include <utility>
#include <vector>

namespace deepscaler {

// Seconds by rows: straight lines between points. Fewer rows than the first point has take as long as that
// many, more than the last in proportion.
class RowTimes {
 public:
  struct At {
    double rows, seconds;
  };
  RowTimes() = default;                                                      // no time at all
  explicit RowTimes(std::vector<At> points) : points_(std::move(points)) {}  // by ascending rows

  [[nodiscard]] double at(double rows) const;  // 0 for no rows

 private:
  std::vector<At> points_;
};

// What is computed at once: rows through the layers; rows that meet the LM head; keys that the rows read,
// each key once for each row that reads it.
struct PassContent {
  double rows = 0, head_rows = 0, keys = 0;
};

struct PassKindTimes {
  RowTimes layers;   // all of them, keys apart
  RowTimes head;     // with what follows it: drawing tokens, or the loss and its gradient
  double key_s = 0;  // of a key in all layers

  [[nodiscard]] double of(const PassContent& pass) const {
    return layers.at(pass.rows) + head.at(pass.head_rows) + key_s * pass.keys;
  }
};

struct PassTimes {
  PassKindTimes generation;
  PassKindTimes scoring;
  PassKindTimes training;  // forward and backward
  double update_s = 0;     // of the optimizer, over all trainable parameters
  double step_s = 0;       // what each step does once beside: the hash of the weights
};

}  // namespace deepscaler
