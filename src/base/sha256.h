// SHA-256 of files and data, in hexadecimal: what identifies a model or a data set in reports, and
// what a download is checked against.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace deepscaler {

// The hash of bytes that come in pieces. One thread owns it.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  void add(std::string_view bytes);
  // 64 lower-case digits of all that was added; call it once, last.
  [[nodiscard]] std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

[[nodiscard]] std::string sha256_hex(std::string_view bytes);
[[nodiscard]] std::string sha256_of_file(const std::filesystem::path& path);  // throws Error

}  // namespace deepscaler
