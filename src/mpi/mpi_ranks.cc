// Ranks over MPI: the module that comm/join.cc loads. The only file that knows MPI.
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "comm/ranks.h"

namespace {

// MPI counts in int.
constexpr int64_t kMostAtOnce = int64_t{1} << 26;

class MpiRanks final : public deepscaler::Ranks {
 public:
  MpiRanks() {
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  ~MpiRanks() override { MPI_Finalize(); }

  [[nodiscard]] int64_t rank() const override { return rank_; }
  [[nodiscard]] int64_t size() const override { return size_; }
  [[nodiscard]] std::string host() const override {
    std::array<char, 256> name = {};
    gethostname(name.data(), name.size() - 1);
    return name.data();
  }

  [[noreturn]] void end_all(int code) override {
    MPI_Abort(MPI_COMM_WORLD, code);
    std::abort();
  }

 private:
  void sum(std::span<int64_t> numbers) override {
    for_each_part(static_cast<int64_t>(numbers.size()), [&](int64_t first, int count) {
      MPI_Allreduce(MPI_IN_PLACE, numbers.data() + first, count, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    });
  }

  std::vector<std::string> exchange(std::string mine) override {
    const auto size = static_cast<int64_t>(mine.size());
    std::vector<int64_t> sizes(static_cast<size_t>(size_));
    MPI_Allgather(&size, 1, MPI_INT64_T, sizes.data(), 1, MPI_INT64_T, MPI_COMM_WORLD);
    std::vector<std::string> all(sizes.size());
    for (int from = 0; from < size_; ++from) {
      std::string& bytes = all[static_cast<size_t>(from)];
      if (from == rank_) bytes = std::move(mine);
      bytes.resize(static_cast<size_t>(sizes[static_cast<size_t>(from)]));
      for_each_part(static_cast<int64_t>(bytes.size()), [&](int64_t first, int count) {
        MPI_Bcast(bytes.data() + first, count, MPI_BYTE, from, MPI_COMM_WORLD);
      });
    }
    return all;
  }

  template <class Body>
  static void for_each_part(int64_t size, const Body& body) {
    for (int64_t first = 0; first < size; first += kMostAtOnce) {
      body(first, static_cast<int>(std::min(kMostAtOnce, size - first)));
    }
  }

  int rank_ = 0;
  int size_ = 1;
};

}  // namespace

extern "C" deepscaler::Ranks* deepscaler_join_ranks() { return new MpiRanks; }
