#include "comm/ranks.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "base/error.h"
#include "base/signals.h"
#include "base/stopwatch.h"

namespace deepscaler {
namespace {

class OneRank final : public Ranks {
 public:
  [[nodiscard]] int64_t rank() const override { return 0; }
  [[nodiscard]] int64_t size() const override { return 1; }
  [[nodiscard]] std::string host() const override { return "this machine"; }
  [[noreturn]] void end_all(int code) override { std::exit(code); }

 private:
  std::vector<std::string> exchange(std::string mine) override { return {std::move(mine)}; }
  void sum(std::span<int64_t>) override {}
};

OneRank alone;
thread_local Ranks* present = &alone;

constexpr char kGoesOn = 'g', kStops = 's';

}  // namespace

std::vector<std::string> Ranks::gather(std::string_view mine) {
  const Stopwatch watch;
  std::vector<std::string> all = exchange((stop_pending() ? kStops : kGoesOn) + std::string(mine));
  waited_s_ += watch.seconds();
  bytes_given_ += std::ssize(mine);
  bool stops = false;
  for (std::string& bytes : all) {
    stops |= bytes.front() == kStops;
    bytes.erase(0, 1);
  }
  if (stops) agree_to_stop();
  return all;
}

void Ranks::add_up(std::span<int64_t> numbers) {
  const Stopwatch watch;
  sum(numbers);
  waited_s_ += watch.seconds();
  bytes_given_ += static_cast<int64_t>(numbers.size_bytes());
}

std::vector<std::string> Ranks::gather_dealt(std::span<const int64_t> owners,
                                             std::span<const std::string> mine) {
  if (size() == 1) return {mine.begin(), mine.end()};
  std::string bytes;
  for (const std::string& piece : mine) {
    const auto length = static_cast<int64_t>(piece.size());
    bytes.append(reinterpret_cast<const char*>(&length), sizeof(length)).append(piece);
  }
  const std::vector<std::string> all = gather(bytes);
  std::vector<size_t> at(all.size());
  std::vector<std::string> pieces;
  for (const int64_t owner : owners) {
    const std::string& theirs = all[static_cast<size_t>(owner)];
    size_t& place = at[static_cast<size_t>(owner)];
    int64_t length = 0;
    DEEPSCALER_CHECK(place + sizeof(length) <= theirs.size());
    std::memcpy(&length, theirs.data() + place, sizeof(length));
    pieces.push_back(theirs.substr(place + sizeof(length), static_cast<size_t>(length)));
    place += sizeof(length) + static_cast<size_t>(length);
  }
  return pieces;
}

std::string Ranks::from_leader(std::string_view mine) {
  return std::move(gather(leads() ? mine : std::string_view()).front());
}

int64_t Ranks::on_this_host() { return std::ranges::count(gather(host()), host()); }

void Ranks::require_same(std::string_view what, std::string_view text) {
  const std::vector<std::string> hosts = gather(host()), texts = gather(text);
  for (size_t i = 1; i < texts.size(); ++i) {
    if (texts[i] == texts.front()) continue;
    throw Error(fmt::format("rank {} on {}", i, hosts[i]),
                fmt::format("{} is {}, and {} on rank 0 ({})", what, texts[i], texts.front(), hosts.front()),
                "all ranks need the same program, files and instruction set");
  }
}

Ranks& ranks() { return *present; }

Ranks& one_rank() { return alone; }

void use_ranks(Ranks& ranks) { present = &ranks; }

std::vector<int64_t> deal(std::span<const int64_t> costs, int64_t ranks) {
  std::vector<size_t> order(costs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return costs[a] > costs[b]; });
  std::vector<int64_t> loads(static_cast<size_t>(ranks)), owners(costs.size());
  for (const size_t i : order) {
    const auto least = std::ranges::min_element(loads);
    owners[i] = least - loads.begin();
    *least += costs[i];
  }
  return owners;
}

}  // namespace deepscaler
