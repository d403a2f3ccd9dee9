// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without a fuzzer: on the files of a folder, then on seeded mutations of them; what goes wrong
// aborts.
//
//   fuzz_replay TARGET FOLDER [MUTATIONS [KEEP]]
//
// KEEP: a file that holds the input under way, to look at after an abort.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::fuzz {

using Target = void (*)(std::string_view input);
// In a source that CMake makes.  Null: there is none of this name.
Target find_target(std::string_view name);

}  // namespace godwit::fuzz

namespace {

using godwit::fuzz::Target;

constexpr unsigned seed = 1;
constexpr int usual_mutants = 3000;

void run(Target target, const std::string& input, const char* keep) {
  if (keep != nullptr) std::ofstream(keep, std::ios::binary) << input;
  const std::vector<char> exact(input.begin(), input.end());  // so that ASan sees a look beyond the end
  target({exact.data(), exact.size()});
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
  const Target target = argc < 3 ? nullptr : godwit::fuzz::find_target(argv[1]);
  if (target == nullptr) {
    std::fprintf(stderr, argc < 3 ? "fuzz_replay TARGET FOLDER [MUTATIONS [KEEP]]\n" : "there is no such target\n");
    return 2;
  }
  const std::filesystem::path folder = argv[2];
  const int mutants = argc > 3 ? std::atoi(argv[3]) : usual_mutants;
  const char* keep = argc > 4 ? argv[4] : nullptr;
  std::vector<std::string> corpus = {""};
  if (std::filesystem::exists(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  std::sort(corpus.begin(), corpus.end());
  for (const auto& input : corpus) run(target, input, keep);
  std::mt19937 random(seed);
  for (int i = 0; i < mutants; ++i) run(target, mutate(corpus[random() % corpus.size()], corpus, random), keep);
  std::printf("%zu inputs of the corpus and %d mutants (seed %u) held\n", corpus.size(), mutants, seed);
}
