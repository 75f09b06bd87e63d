// Matrices of f32: an owner and views. [rows, cols], row-major, row r at data + r * stride.
#pragma once

#include <cstdint>
#include <type_traits>

#include "tensor/buffer.h"

namespace deepscaler {

// A view of memory that somebody else owns; valid as long as that memory. T is float or const float.
template <class T>
struct MatrixSpan {
  T* data = nullptr;
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t stride = 0;  // numbers from one row to the next, >= cols

  MatrixSpan() = default;
  MatrixSpan(T* data, int64_t rows, int64_t cols) : data(data), rows(rows), cols(cols), stride(cols) {}
  MatrixSpan(T* data, int64_t rows, int64_t cols, int64_t stride)
      : data(data), rows(rows), cols(cols), stride(stride) {}
  template <class U>
  requires(std::is_const_v<T>&& std::is_same_v<const U, T>) MatrixSpan(const MatrixSpan<U>& other)
      : data(other.data), rows(other.rows), cols(other.cols), stride(other.stride) {}

  [[nodiscard]] T* row(int64_t r) const { return data + r * stride; }
  [[nodiscard]] MatrixSpan middle_rows(int64_t first, int64_t count) const {
    return {data + first * stride, count, cols, stride};
  }
};

using MatrixView = MatrixSpan<float>;
using ConstMatrixView = MatrixSpan<const float>;

class Matrix {
 public:
  Matrix() = default;
  Matrix(int64_t rows, int64_t cols) { resize(rows, cols); }

  // Sets the shape. The numbers are unspecified afterwards. Memory is kept, so a matrix that is used in every
  // step stops allocating.
  void resize(int64_t rows, int64_t cols) {
    buffer_.reserve_discarding(rows * cols);
    rows_ = rows;
    cols_ = cols;
  }

  [[nodiscard]] int64_t rows() const { return rows_; }
  [[nodiscard]] int64_t cols() const { return cols_; }
  [[nodiscard]] int64_t size() const { return rows_ * cols_; }
  [[nodiscard]] float* data() { return buffer_.data(); }
  [[nodiscard]] const float* data() const { return buffer_.data(); }
  [[nodiscard]] float* row(int64_t r) { return buffer_.data() + r * cols_; }
  [[nodiscard]] const float* row(int64_t r) const { return buffer_.data() + r * cols_; }
  [[nodiscard]] MatrixView view() { return {buffer_.data(), rows_, cols_}; }
  [[nodiscard]] ConstMatrixView view() const { return {buffer_.data(), rows_, cols_}; }

 private:
  Buffer<float> buffer_;
  int64_t rows_ = 0;
  int64_t cols_ = 0;
};

}  // namespace deepscaler
