// SPDX-License-Identifier: Apache-2.0
#include "sandbox.hpp"

#include <filesystem>
#include <iterator>
#include <system_error>

#include <fmt/format.h>

#include "landlock.hpp"
#include "system_calls.hpp"

namespace godwit::daemon {
namespace {

// AddressSanitizer and its kin look at the process from a child of their own at the end.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_possible = false;
#else
constexpr bool is_possible = true;
#endif

std::ptrdiff_t threads_of_process() {
  std::error_code failed;
  return std::distance(std::filesystem::directory_iterator("/proc/self/task", failed),
                       std::filesystem::directory_iterator());
}

}  // namespace

bool is_sandbox_wanted(const config::Settings& settings) {
  return settings.sandbox.enabled && is_possible;
}

Sandbox enter_sandbox(const std::string& config_path, const config::Settings& settings, Keys keys) {
  Sandbox sandbox;
  if (!is_sandbox_wanted(settings)) return sandbox;
  if (const auto threads = threads_of_process(); threads > 1)
    sandbox.remarks.push_back(fmt::format("{} threads were there before and stay outside", threads - 1));
  sandbox.granted = file_rules(config_path, paths_of(settings, keys));
  if (const auto confined = confine_files(sandbox.granted); confined) {
    sandbox.files = true;
  } else {
    sandbox.granted.clear();
    sandbox.remarks.push_back("files: " + confined.error().message);
  }
  if (const auto confined = confine_system_calls(); confined)
    sandbox.system_calls = true;
  else
    sandbox.remarks.push_back("system calls: " + confined.error().message);
  return sandbox;
}

}  // namespace godwit::daemon
