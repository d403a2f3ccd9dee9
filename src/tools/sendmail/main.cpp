// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <exception>
#include <iostream>

#include <sysexits.h>

#include "sendmail.hpp"

int main(int argc, char** argv) {
  using namespace godwit::tools;
  std::signal(SIGPIPE, SIG_IGN);
  Console console{.in = std::cin, .out = std::cout, .err = std::cerr};
  try {
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    return sendmail(argc > 0 ? argv[0] : "sendmail", words, this_host(), console);
  } catch (const std::exception& error) {
    std::cerr << "sendmail: " << error.what() << "\n";
    return EX_OSERR;
  }
}
