// SPDX-License-Identifier: Apache-2.0
// What the machine gives the daemon: time, space, descriptors.
#include <sys/statvfs.h>
#include <sys/timex.h>

#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

#include "checks.hpp"
#include "godwit/base/text.hpp"
#include "godwit/setup/new_file.hpp"

namespace godwit::setup {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
constexpr std::uint64_t scarce_factor = 4;   // times spool.min_free: time to do something
constexpr std::uint64_t scarce_files = 20;   // one in so many is free
constexpr std::uint64_t other_files = 1000;  // beside clients: deliveries, the spool, libraries

std::optional<bool> kernel_clock_is_synchronised() {
  timex state{};  // modes 0: only asks
  const int answer = ::adjtimex(&state);
  if (answer < 0) return {};
  return answer != TIME_ERROR && (static_cast<unsigned>(state.status) & STA_UNSYNC) == 0;
}

base::Result<Space> space_at(const std::string& path) {
  auto folder = std::filesystem::path(path);
  std::error_code error;
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  struct statvfs status {};
  if (::statvfs(folder.c_str(), &status) != 0) return base::fail_os(folder.string(), errno);
  return Space{
      .free_bytes = status.f_bavail * status.f_frsize, .free_files = status.f_favail, .all_files = status.f_files};
}

base::Result<std::uint64_t> open_files_of(pid_t process) {
  const auto text = read_small_file(fmt::format("/proc/{}/limits", process));
  if (!text) return std::unexpected(text.error());
  constexpr std::string_view name = "Max open files";
  for (const auto line : base::split(*text, '\n')) {
    if (!line.starts_with(name)) continue;
    const auto rest = base::trim(line.substr(name.size()));
    if (const auto number = base::parse_unsigned(rest.substr(0, rest.find(' ')))) return *number;
  }
  return base::fail(base::ErrorKind::invalid, "the limits of the process do not say");
}

void check_clock(const MachineProbe& machine, Findings& findings) {
  const auto synchronised = machine.clock_is_synchronised();
  if (!synchronised)
    return findings.warn("clock", "this machine", "the kernel does not tell whether it is right", "compare it");
  if (*synchronised) return findings.ok("clock", "this machine", "synchronised");
  findings.warn("clock", "this machine", "nothing keeps it right; signatures and certificates have dates",
                "apt install systemd-timesyncd, or chrony");
}

void check_space(const std::string& folder, std::uint64_t minimum, const MachineProbe& machine, Findings& findings) {
  const auto space = machine.space(folder);
  if (!space) return findings.problem("disk", folder, space.error().message, "is the disk mounted?");
  const auto free = fmt::format("{} MiB free", space->free_bytes / mebibyte);
  if (space->free_bytes < minimum)
    return findings.problem("disk", folder, free + ", less than spool.min_free: no mail is taken", "make room");
  if (space->all_files != 0 && space->free_files == 0)
    return findings.problem("disk", folder, "no inodes are free: no file can be made", "delete files");
  if (space->all_files != 0 && space->free_files < space->all_files / scarce_files)
    return findings.warn("disk", folder, fmt::format("{} of {} inodes are free", space->free_files, space->all_files),
                         "delete files");
  if (space->free_bytes < minimum * scarce_factor) return findings.warn("disk", folder, free, "make room");
  findings.ok("disk", folder, free);
}

void check_descriptors(const config::Settings& settings, const DoctorWishes& wishes, const MachineProbe& machine,
                       Findings& findings) {
  if (!wishes.daemon_process)
    return findings.problem("daemon", settings.control.socket, "nobody answers there: the daemon does not run",
                            "systemctl start godwitd; journalctl -u godwitd tells why not");
  const auto limit = machine.open_files(*wishes.daemon_process);
  if (!limit) return findings.warn("files", "godwitd", limit.error().message, "run this as root");
  const auto wanted = settings.policy.connections + other_files;
  const auto said = fmt::format("it may open {} files", *limit);
  if (*limit >= wanted) return findings.ok("files", "godwitd", said);
  findings.warn("files", "godwitd", fmt::format("{}, limits.connections wants {}", said, wanted),
                "raise LimitNOFILE in the unit (systemctl edit godwitd), or lower limits.connections");
}

}  // namespace

MachineProbe system_machine() {
  return {.clock_is_synchronised = kernel_clock_is_synchronised, .space = space_at, .open_files = open_files_of};
}

void check_machine(const config::Settings& settings, const DoctorWishes& wishes, const MachineProbe& machine,
                   Findings& findings) {
  check_clock(machine, findings);
  check_space(settings.spool.directory, settings.spool.min_free, machine, findings);
  check_space(settings.state.directory, mebibyte, machine, findings);
  check_descriptors(settings, wishes, machine, findings);
}

}  // namespace godwit::setup
