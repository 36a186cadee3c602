// The short pass: a fuzzer without libFuzzer, for every compiler. It runs each file of a corpus, then mutations of them
// that are drawn from a seed.
//
// The one thing to know: it sees no coverage, so it finds little that is new; it keeps what was found from coming back.
// An input that ends the process is left in `crash-<program>` in the working directory.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <vector>

#include "tests/fuzz/input.hpp"

namespace {

using Bytes = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;

constexpr std::size_t input_bytes_max = 16'384;
/// One input that takes longer has found a way to make us slow.
constexpr unsigned seconds_of_input_max = 20;

struct Options {
  std::vector<std::filesystem::path> places;
  std::uint64_t runs = 3'000;
  std::uint64_t seed = 1;
  std::chrono::milliseconds time{700};
};

// What the handler of signals writes down. Only it reads them while the fuzzer runs.
const Bytes* under_way = nullptr;
std::array<char, 256> crash_file{};

extern "C" void write_down(int signal) {
  const int file = ::open(crash_file.data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file >= 0 && under_way != nullptr) {
    const auto written = ::write(file, under_way->data(), under_way->size());
    static_cast<void>(written);
    ::close(file);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(const Bytes& input) {
  under_way = &input;
  ::alarm(seconds_of_input_max);
  LLVMFuzzerTestOneInput(input.data(), input.size());
  ::alarm(0);
  under_way = nullptr;
}

Bytes contents_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Bytes> corpus_of(const Options& options) {
  std::vector<std::filesystem::path> files;
  for (const auto& place : options.places) {
    if (!std::filesystem::is_directory(place)) {
      files.push_back(place);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(place)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Bytes> corpus;
  for (const auto& file : files) corpus.push_back(contents_of(file));
  return corpus;
}

/// Draws inputs from a corpus: the same from the same seed.
class Mutator {
 public:
  Mutator(const std::vector<Bytes>& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

  Bytes next() {
    Bytes input = corpus_[draw(corpus_.size())];
    for (auto times = 1 + draw(4); times > 0; --times) mutate(input);
    if (input.size() > input_bytes_max) input.resize(input_bytes_max);
    return input;
  }

 private:
  std::size_t draw(std::size_t below) { return below == 0 ? 0 : random_() % below; }

  void mutate(Bytes& input) {
    const auto at = draw(input.size() + 1);
    const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
    const auto length = draw(std::min<std::size_t>(input.size() - at, 64) + 1);
    switch (draw(6)) {
      case 0:
        if (at < input.size()) input[at] ^= static_cast<std::uint8_t>(1U << draw(8));
        break;
      case 1:
        if (at < input.size()) input[at] = interesting_[draw(interesting_.size())];
        break;
      case 2:
        input.erase(place, place + static_cast<std::ptrdiff_t>(length));
        break;
      case 3:
        input.insert(place, 1 + draw(8), static_cast<std::uint8_t>(random_()));
        break;
      case 4:
        repeat(input, at, length);
        break;
      default:
        splice(input, at);
    }
  }

  static void repeat(Bytes& input, std::size_t at, std::size_t length) {
    const Bytes part(input.begin() + static_cast<std::ptrdiff_t>(at),
                     input.begin() + static_cast<std::ptrdiff_t>(at + length));
    input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), part.begin(), part.end());
  }

  // The rest of another file from here on.
  void splice(Bytes& input, std::size_t at) {
    const auto& other = corpus_[draw(corpus_.size())];
    input.resize(at);
    input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(std::min(at, other.size())), other.end());
  }

  static constexpr std::array<std::uint8_t, 12> interesting_ = {0,    1,   0x7f, 0x80, 0xff, '"',
                                                                '\n', ' ', '{',  '-',  '9',  '/'};
  const std::vector<Bytes>& corpus_;
  std::mt19937_64 random_;
};

Options options_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::stoull(argv[++i]) : 0; };
    if (word == "--runs") {
      options.runs = number();
    } else if (word == "--seed") {
      options.seed = number();
    } else if (word == "--milliseconds") {
      options.time = std::chrono::milliseconds(number());
    } else {
      options.places.emplace_back(word);
    }
  }
  return options;
}

void catch_ends(const std::filesystem::path& program) {
  const auto name = "crash-" + program.filename().string();
  std::strncpy(crash_file.data(), name.c_str(), crash_file.size() - 1);
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) std::signal(signal, write_down);
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = options_of(argc, argv);
  const auto corpus = corpus_of(options);
  if (corpus.empty()) {
    std::cerr << "usage: " << argv[0] << " CORPUS|FILE... [--runs N] [--seed S] [--milliseconds T]\n"
              << "there is no corpus: name a folder with at least one file\n";
    return 2;
  }
  catch_ends(argv[0]);
  const auto end = Clock::now() + options.time;
  for (const auto& input : corpus) run(input);
  Mutator mutator(corpus, options.seed);
  std::uint64_t runs = 0;
  for (; runs < options.runs && Clock::now() < end; ++runs) run(mutator.next());
  std::cout << corpus.size() << " inputs of the corpus, and " << runs << " mutations of them\n";
  return 0;
}
