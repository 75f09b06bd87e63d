#include "program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"
#include "base/file.h"

namespace deepscaler {
namespace {

void redirect(int descriptor, const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(127);
}

void limit_files(uint64_t bytes) {
  const rlimit limit{bytes, bytes};
  // Without the signal, a write beyond the limit fails as one on a full disk does.
  if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(127);
}

}  // namespace

Program::Program(const std::filesystem::path& where, const std::vector<std::string>& arguments, Limits limits)
    : output_(where / "stdout"), errors_(where / "stderr") {
  std::vector<char*> words = {const_cast<char*>(DEEPSCALER_PROGRAM)};
  for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  id_ = fork();
  DEEPSCALER_CHECK(id_ >= 0, "can't fork");
  if (id_ > 0) return;
  redirect(STDOUT_FILENO, output_);
  redirect(STDERR_FILENO, errors_);
  if (limits.file_bytes) limit_files(*limits.file_bytes);
  if (chdir(where.c_str()) != 0) _exit(127);
  execv(words[0], words.data());
  _exit(127);
}

Program::~Program() {
  if (!running()) return;
  send(SIGKILL);
  wait();
}

void Program::send(int signal) const { kill(id_, signal); }

void Program::wait(const std::function<bool()>& moment) {
  while (running()) {
    int status = 0;
    if (waitpid(id_, &status, moment ? WNOHANG : 0) == id_) {
      status_ = status;
    } else if (moment && moment()) {
      return;
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
}

std::optional<int> Program::exit_code() const {
  return status_ && WIFEXITED(*status_) ? std::optional(WEXITSTATUS(*status_)) : std::nullopt;
}

std::string Program::output() const { return read_file(output_); }

std::string Program::last_error() const {
  std::string text = read_file(errors_);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace deepscaler
