// The program from outside, for tests: started, killed, limited, and what it said and left.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace deepscaler {

// One started process. Killed when the object goes while it is running.
class Program {
 public:
  struct Limits {
    std::optional<uint64_t> file_bytes;  // no file may grow beyond: what a full disk looks like
  };

  // Runs build/deepscaler with `arguments` in the folder `where`.
  Program(const std::filesystem::path& where, const std::vector<std::string>& arguments, Limits limits = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  [[nodiscard]] pid_t id() const { return id_; }
  void send(int signal) const;
  // Waits for its end, or until `moment` returns true; it is asked all the time.
  void wait(const std::function<bool()>& moment = {});
  [[nodiscard]] bool running() const { return !status_; }

  // After its end. The exit code, or nothing where a signal killed it.
  [[nodiscard]] std::optional<int> exit_code() const;
  [[nodiscard]] std::string output() const;      // stdout
  [[nodiscard]] std::string last_error() const;  // the last line of stderr

 private:
  std::filesystem::path output_, errors_;
  pid_t id_;
  std::optional<int> status_;
};

}  // namespace deepscaler
