#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/signals.h"

extern char** environ;

namespace deepscaler {
namespace {

using Clock = std::chrono::steady_clock;

// What the program knows as its standard streams.
constexpr int kInput = 0, kOutput = 1, kErrors = 2;
// How long to sleep at most before looking whether the program has ended or the user wants to stop.
constexpr int kPollMs = 20;
// Of standard error only the end is kept.
constexpr size_t kErrorTail = 4096;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct Pipe {
  explicit Pipe(std::string_view where) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      throw Error(where, fmt::format("can't make a pipe: {}", std::strerror(errno)), "close other programs");
    }
    read_end = Descriptor(ends[0]);
    write_end = Descriptor(ends[1]);
  }
  Descriptor read_end, write_end;
};

void make_nonblocking(const Descriptor& descriptor) {
  fcntl(descriptor.get(), F_SETFL, fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

// Writing to a program that has gone raises SIGPIPE in the writing thread; here it is to be EPIPE instead.
class SigpipeBlocked {
 public:
  SigpipeBlocked() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  SigpipeBlocked(const SigpipeBlocked&) = delete;
  SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;
  ~SigpipeBlocked() {
    const timespec at_once = {};
    while (sigtimedwait(&sigpipe_, nullptr, &at_once) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t sigpipe_, before_;
};

// A running program and its group; kills what is left of them in the end.
class Child {
 public:
  Child(const std::vector<std::string>& command, const Pipe& in, const Pipe& out, const Pipe& err,
        std::string_view where) {
    std::vector<char*> arguments;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in.read_end.get(), kInput);
    posix_spawn_file_actions_adddup2(&files, out.write_end.get(), kOutput);
    posix_spawn_file_actions_adddup2(&files, err.write_end.get(), kErrors);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const int failure = posix_spawnp(&pid_, arguments[0], &files, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (failure != 0) {
      throw Error(where, fmt::format("can't start {}: {}", command[0], std::strerror(failure)),
                  "check the program's path and permissions");
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    // The leader is not reaped before this, so the group's number can't have become another one's.
    kill(-pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  // How it ended, or nothing while it runs. It stays there to be reaped.
  [[nodiscard]] bool has_ended(siginfo_t& how) const {
    how = {};
    return waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED | WNOHANG | WNOWAIT) == 0 && how.si_pid != 0;
  }

 private:
  pid_t pid_ = 0;
};

// Reads what is there. Returns false at the end of the stream.
bool read_some(const Descriptor& from, std::string& into) {
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = read(from.get(), buffer, sizeof buffer);
    if (count > 0) {
      into.append(buffer, static_cast<size_t>(count));
      return true;
    }
    if (count < 0 && errno == EINTR) continue;
    return count < 0 && errno == EAGAIN;
  }
}

// Writes what fits. Returns false when there is nothing left to write, or nobody to read it.
bool write_some(const Descriptor& to, std::string_view& rest) {
  const ssize_t count = write(to.get(), rest.data(), rest.size());
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  rest.remove_prefix(static_cast<size_t>(count));
  return !rest.empty();
}

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

void require_success(const siginfo_t& how, const std::string& errors, std::string_view where) {
  const std::string said = last_line(errors).empty() ? "" : fmt::format(" (it said: {})", last_line(errors));
  if (how.si_code != CLD_EXITED) {
    throw Error(where, fmt::format("was ended by signal {}{}", how.si_status, said), "mend the program");
  }
  if (how.si_status != 0) {
    throw Error(where, fmt::format("exited with code {}{}", how.si_status, said), "mend the program");
  }
}

}  // namespace

std::optional<std::filesystem::path> find_program(const std::string& name) {
  const auto is_program = [](const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) return is_program(name) ? std::optional(name) : std::nullopt;
  const char* value = std::getenv("PATH");
  const std::string folders = value == nullptr ? "/bin:/usr/bin" : value;  // as execvp(3)
  for (size_t begin = 0; begin <= folders.size();) {
    const size_t end = std::min(folders.find(':', begin), folders.size());
    const std::filesystem::path folder = end == begin ? "." : folders.substr(begin, end - begin);
    if (is_program(folder / name)) return folder / name;
    begin = end + 1;
  }
  return std::nullopt;
}

std::string run_process(const std::vector<std::string>& command, std::string_view input,
                        const ProcessLimits& limits, std::string_view where) {
  DEEPSCALER_CHECK(!command.empty(), "no program");
  const auto deadline = Clock::now() + std::chrono::duration<double>(limits.time_s);
  Pipe in(where), out(where), err(where);
  const Child child(command, in, out, err, where);
  in.read_end.close();
  out.write_end.close();
  err.write_end.close();
  for (const Descriptor* end : {&in.write_end, &out.read_end, &err.read_end}) make_nonblocking(*end);
  const SigpipeBlocked no_sigpipe;

  std::string output, errors;
  std::string_view rest = input;
  if (rest.empty()) in.write_end.close();
  for (siginfo_t how;;) {
    // Before reading, so that what it wrote before its end is read after it.
    const bool ended = child.has_ended(how);
    pollfd ends[] = {
        {in.write_end.get(), POLLOUT, 0}, {out.read_end.get(), POLLIN, 0}, {err.read_end.get(), POLLIN, 0}};
    if (!ended) poll(ends, std::size(ends), kPollMs);
    if (in.write_end.open() && !write_some(in.write_end, rest)) in.write_end.close();
    if (err.read_end.open() && !read_some(err.read_end, errors)) err.read_end.close();
    if (errors.size() > kErrorTail) errors.erase(0, errors.size() - kErrorTail);
    const size_t before = output.size();
    if (out.read_end.open() && !read_some(out.read_end, output)) out.read_end.close();
    if (std::ssize(output) > limits.output_bytes) {
      throw Error(where, fmt::format("wrote more than {} bytes", limits.output_bytes), "mend the program");
    }
    if (ended && output.size() == before) {
      require_success(how, errors, where);
      return output;
    }
    throw_if_stop_requested();
    if (Clock::now() > deadline) {
      throw Error(where, fmt::format("did not finish within {} s", limits.time_s),
                  "make it faster or allow it more time");
    }
    // Nothing left to wait for but its end.
    if (!in.write_end.open() && !out.read_end.open() && !err.read_end.open()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

}  // namespace deepscaler
