// How a process becomes a rank: mpirun, or srun with PMIx, starts several and tells each so in its
// environment. MPI itself is in a module of its own (mpi/mpi_ranks.cc), which is loaded then: a process that
// is started alone needs no MPI.
#pragma once

#include <memory>

#include "comm/ranks.h"

namespace deepscaler {

// The ranks of this process, if it was started as one of several; else null. Throws Error where the module
// is missing or can't be loaded. To be called once, before threads are started.
[[nodiscard]] std::unique_ptr<Ranks> join_ranks();

}  // namespace deepscaler
