// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <iostream>

#include "godwitctl.hpp"
#include "terminal.hpp"

int main(int argc, char** argv) {
  using namespace godwit::tools;
  Console console{.in = std::cin, .out = std::cout, .err = std::cerr};
  if (is_terminal()) console.ask_password = ask_password_twice;
  console.in_colour = shows_colours();
  try {
    return godwitctl(argc, argv, console);
  } catch (const std::exception& error) {
    std::cerr << "godwitctl: " << error.what() << "\n";
    return exit_failed;
  }
}
