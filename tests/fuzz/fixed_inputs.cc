// In place of libFuzzer: NAME_fuzz COUNT FILE... feeds each file and COUNT mutations of it, the same on every
// machine, to the entry point.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "base/file.h"
#include "formats/mutation.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void feed(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int count_of_arguments, char** arguments) {
  if (count_of_arguments < 3) {
    std::fprintf(stderr, "usage: %s COUNT FILE...\n", arguments[0]);
    return 2;
  }
  const uint64_t count = std::strtoull(arguments[1], nullptr, 10);
  for (int i = 2; i < count_of_arguments; ++i) {
    const std::string good = deepscaler::read_file(arguments[i]);
    feed(good);
    for (uint64_t mutation = 0; mutation < count; ++mutation) {
      try {
        feed(deepscaler::mutated(good, mutation));
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s, mutation %llu: %s\n", arguments[i],
                     static_cast<unsigned long long>(mutation), error.what());
        return 1;
      }
    }
  }
  return 0;
}
