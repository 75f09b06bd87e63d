#include "comm/join.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/error.h"

namespace deepscaler {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModule = "libdeepscaler_mpi.so";

// What Open MPI's, MPICH's and PMIx's launchers set for each process.
bool is_launched() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"}) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

// Beside the program where it is built, else where it is installed.
fs::path module_path() {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path beside = program / kModule;
  return fs::exists(beside) ? beside : program.parent_path() / "lib" / "deepscaler" / kModule;
}

}  // namespace

std::unique_ptr<Ranks> join_ranks() {
  if (!is_launched()) return nullptr;
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
