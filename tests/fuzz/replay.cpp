// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without a fuzzer: on the files of a folder, then on seeded mutations of them; what goes wrong
// aborts.
//
//   replay_<target> FOLDER [MUTATIONS [KEEP]]      KEEP: a file that holds the input under way, to look at after an
//   abort
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr unsigned seed = 1;
constexpr int usual_mutants = 3000;

void run(const std::string& input, const char* keep) {
  if (keep != nullptr) std::ofstream(keep, std::ios::binary) << input;
  const std::vector<std::uint8_t> exact(input.begin(), input.end());  // so that ASan sees a look beyond the end
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::string mutate(std::string input, const std::vector<std::string>& corpus, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random()) % (bound + 1); };
  for (auto changes = 1 + below(4); changes > 0; --changes) {
    const auto at = below(input.size());
    const auto& other = corpus[below(corpus.size() - 1)];
    switch (below(3)) {
      case 0:
        input.insert(at, 1, "\r\n.\0 <>@:="[below(9)]);
        break;
      case 1:
        input.erase(at, below(8));
        break;
      case 2:
        input.replace(at, 1, 1, static_cast<char>(random()));
        break;
      default:
        input.insert(at, other.substr(below(other.size()), below(64)));
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int mutants = argc > 2 ? std::atoi(argv[2]) : usual_mutants;
  const char* keep = argc > 3 ? argv[3] : nullptr;
  const std::filesystem::path folder = argv[1];
  std::vector<std::string> corpus = {""};
  if (std::filesystem::exists(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  std::sort(corpus.begin(), corpus.end());
  for (const auto& input : corpus) run(input, keep);
  std::mt19937 random(seed);
  for (int i = 0; i < mutants; ++i) run(mutate(corpus[random() % corpus.size()], corpus, random), keep);
  std::printf("%zu inputs of the corpus and %d mutants (seed %u) held\n", corpus.size(), mutants, seed);
}
