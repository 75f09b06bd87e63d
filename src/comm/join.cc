#include "comm/join.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModule = "libdeepscaler_mpi.so";

// Whether a launcher, Open MPI's, MPICH's or Slurm's with PMIx, has started more than this process, as it
// tells each in its environment.
bool is_one_of_several() {
  for (const char* size : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    if (const char* text = std::getenv(size)) return std::string_view(text) != "1";
  }
  if (std::getenv("PMIX_RANK") == nullptr) return false;
  const char* tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  return tasks == nullptr || std::string_view(tasks) != "1";
}

// Beside the program where it is built, else where it is installed.
fs::path module_path() {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path beside = program / kModule;
  return fs::exists(beside) ? beside : program.parent_path() / "lib" / "deepscaler" / kModule;
}

}  // namespace

std::unique_ptr<Ranks> join_ranks() {
  if (!is_one_of_several()) return nullptr;
  const fs::path path = module_path();
  if (!fs::exists(path)) {
    throw Error("MPI",
                "this process was started as one of several ranks, and the program was built without MPI",
                "install an MPI, as Debian's libopenmpi-dev, and build it again; or start it alone");
  }
  void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (module == nullptr) {
    throw Error(path.string(), dlerror(), "load the modules of the MPI it was built with, or build it again");
  }
  const auto join = reinterpret_cast<Ranks* (*)()>(dlsym(module, "deepscaler_join_ranks"));
  if (join == nullptr) {
    throw Error(path.string(), "is no module of this program", "build the program again");
  }
  return std::unique_ptr<Ranks>(join());
}

}  // namespace deepscaler
