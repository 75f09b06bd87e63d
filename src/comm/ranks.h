// The processes that compute one run together. Each is a rank, 0, 1, ... size - 1; all run the same program
// on the same input, and differ in which samples they draw and which micro-batches they train. What they have
// computed goes to all, so every rank holds all of a run; one of them, the leader, writes it down.
//
// A rank that fails throws; its command then ends all ranks (Ranks::end_all).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace deepscaler {

// Ranks call the same functions in the same order. One thread of each uses it.
class Ranks {
 public:
  virtual ~Ranks() = default;

  [[nodiscard]] virtual int64_t rank() const = 0;
  [[nodiscard]] virtual int64_t size() const = 0;
  [[nodiscard]] virtual std::string host() const = 0;
  [[nodiscard]] bool leads() const { return rank() == 0; }

  // The bytes of every rank, by rank, on all of them. A request to stop that has reached one rank is from
  // here on known to all (base/signals.h): they leave at the same point.
  [[nodiscard]] std::vector<std::string> gather(std::string_view mine);
  // Waits for all.
  void meet() { (void)gather({}); }
  // Pieces of work that were dealt out, on all ranks in their order: owners[i] is the rank that has computed
  // piece i, and `mine` are this rank's, in their order.
  [[nodiscard]] std::vector<std::string> gather_dealt(std::span<const int64_t> owners,
                                                      std::span<const std::string> mine);
  // What the leader has.
  [[nodiscard]] std::string from_leader(std::string_view mine);
  // How many of them are on this one's host.
  [[nodiscard]] int64_t on_this_host();
  // Throws Error naming the first rank whose text is not the leader's; `what` says of what: "the program".
  void require_same(std::string_view what, std::string_view text);

  // Replaces numbers[i] by the sum of all ranks' numbers[i], modulo 2^64.
  void add_up(std::span<int64_t> numbers);

  // Since the start: seconds in these functions, in which a rank waits for others too, and bytes that it
  // gave.
  [[nodiscard]] double waited_s() const { return waited_s_; }
  [[nodiscard]] int64_t bytes_given() const { return bytes_given_; }

  // Ends the processes of all ranks with this exit code.
  [[noreturn]] virtual void end_all(int code) = 0;

 private:
  virtual std::vector<std::string> exchange(std::string mine) = 0;
  virtual void sum(std::span<int64_t> numbers) = 0;

  double waited_s_ = 0;
  int64_t bytes_given_ = 0;
};

// Those that this thread computes with: one rank alone, unless it says otherwise.
[[nodiscard]] Ranks& ranks();
// `ranks` must outlive this thread's use of it.
void use_ranks(Ranks& ranks);
// One rank alone.
[[nodiscard]] Ranks& one_rank();

// Which rank takes which piece of work: costly ones first, each to the rank with the least so far.
[[nodiscard]] std::vector<int64_t> deal(std::span<const int64_t> costs, int64_t ranks);

}  // namespace deepscaler
