// The owner of a block of memory for numbers: 64-byte aligned (a cache line, and the widest vector),
// movable, not copyable. Large blocks are of huge pages (tensor/block_pool.h), since matrices are walked
// with strides that would exhaust the TLB on small ones.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace deepscaler {

enum class Contents { kZero, kAny };

// Memory for numbers, 64-byte aligned. Give it back by release_numbers() with the same size. Pages of a large
// block take memory only when they are first touched. `in_use_bytes` is the part of the block that is used at
// once; the rest is room to grow. Throws Error when memory is short.
[[nodiscard]] void* allocate_numbers(size_t size_bytes, Contents contents, size_t in_use_bytes);
// The memory in bytes that a block of `size_bytes` takes.
[[nodiscard]] int64_t held_bytes(int64_t size_bytes);
void release_numbers(void* data, size_t size_bytes);

template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t count, Contents contents = Contents::kZero) : size_(count) {
    const size_t size_bytes = static_cast<size_t>(count) * sizeof(T);
    data_ = {static_cast<T*>(allocate_numbers(size_bytes, contents, size_bytes)), Release{size_bytes}};
  }

  [[nodiscard]] T* data() { return data_.get(); }
  [[nodiscard]] const T* data() const { return data_.get(); }
  [[nodiscard]] int64_t size() const { return size_; }
  [[nodiscard]] std::span<T> span() { return {data_.get(), static_cast<size_t>(size_)}; }
  [[nodiscard]] std::span<const T> span() const { return {data_.get(), static_cast<size_t>(size_)}; }
  T& operator[](int64_t i) { return data_.get()[i]; }
  const T& operator[](int64_t i) const { return data_.get()[i]; }

  // Makes room for `count` numbers. Where the buffer has to grow, all values are unspecified afterwards. It
  // grows by half at least, since sizes that creep up from step to step would take new pages each time.
  void reserve_discarding(int64_t count) {
    if (count <= size_) return;
    const int64_t room = std::max(count, size_ + size_ / 2);
    *this = Buffer();  // first, so that its pages can be moved
    const size_t size_bytes = static_cast<size_t>(room) * sizeof(T);
    data_ = {
        static_cast<T*>(allocate_numbers(size_bytes, Contents::kAny, static_cast<size_t>(count) * sizeof(T))),
        Release{size_bytes}};
    size_ = room;
  }

 private:
  struct Release {
    size_t size_bytes = 0;
    void operator()(T* data) const { release_numbers(data, size_bytes); }
  };
  std::unique_ptr<T, Release> data_;
  int64_t size_ = 0;
};

}  // namespace deepscaler
