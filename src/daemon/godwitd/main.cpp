// SPDX-License-Identifier: Apache-2.0
// godwitd: reads the configuration, starts the host, waits for signals.  Exit codes: 0 stopped in order, 1 failed, 2
// usage or configuration error (systemd does not restart after 2).
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "arguments.hpp"
#include "godwit/log/recent_lines.hpp"
#include "godwit/net/listener.hpp"
#include "heap_apart.hpp"
#include "host.hpp"
#include "key_process.hpp"
#include "live_settings.hpp"
#include "privileges.hpp"
#include "resolver_watch.hpp"
#include "sandbox.hpp"
#include "service_manager.hpp"
#include "startup_memory.hpp"
#include "system_machine.hpp"

namespace {

using namespace godwit;
using daemon::Arguments, daemon::exit_usage, daemon::read_arguments;

constexpr int exit_failed = 1;
constexpr std::size_t lanes_of_pools = 2;  // for who signs, but is no reactor
// After a start: what it left to the background (the index of the history, certificates) is done, mostly.
constexpr timespec time_to_settle{.tv_sec = 2, .tv_nsec = 0};

void print(const std::vector<std::string>& lines) {
  for (const auto& line : lines) fmt::print(stderr, "{}\n", line);
}

void print(const char* what, const base::Error& error) {
  fmt::print(stderr, "godwitd: {}: {}\n", what, error.message);
}

// All that --check can say; a daemon that already runs holds the ports, so a port in use is only a warning here, as is
// a store of accounts or a table that does not answer, and a resolver that does not validate.
int check(const daemon::LiveSettingsLoaded& loaded, const base::Clock& clock) {
  if (!loaded.live) return exit_usage;
  for (const auto& complaint : daemon::unreachable_stores(loaded.live->settings.auth, clock))
    fmt::print(stderr, "warning: {}\n", complaint);
  for (const auto& complaint : daemon::unreachable_tables(loaded.live->settings.lookup, clock))
    fmt::print(stderr, "warning: {}\n", complaint);
  const auto& settings = loaded.live->settings;
  const auto dns_remark = daemon::wants_dane(settings.route)
                              ? daemon::remark(daemon::check_validation(settings.dns, clock))
                              : std::string_view();
  if (!dns_remark.empty()) fmt::print(stderr, "warning: dns: {}\n", dns_remark);
  for (const auto& listener : loaded.live->settings.server.listeners) {
    if (const auto free = net::check_bindable(listener.address); !free)
      fmt::print(stderr, "warning: listeners: {}\n", free.error().message);
  }
  if (const auto& http = settings.control.http)
    if (const auto free = net::check_bindable(*http); !free)
      fmt::print(stderr, "warning: control.http: {}\n", free.error().message);
  if (const auto place = acme::listening_place(settings.acme); settings.acme.terms_of_service_agreed && place)
    if (const auto free = net::check_bindable(*place); !free)
      fmt::print(stderr, "warning: tls.acme: {}\n", free.error().message);
  fmt::print("The configuration is right.\n");
  return 0;
}

bool needs_low_ports(const acme::Settings& settings) {
  constexpr int first_of_users = 1024;
  const auto place = acme::listening_place(settings);
  return settings.terms_of_service_agreed && place && place->port < first_of_users;
}

// Threads inherit the mask, so signals come only to sigtimedwait below; so does the process with the private keys,
// which the service manager tells to stop when it tells us.
sigset_t block_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);  // who starts us may ignore it; then nobody would learn how a child ended
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&signals, number);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// Why it stops, if it is not because somebody wants it.
std::optional<std::string> wait_for_stop(const sigset_t& signals, daemon::Host& host, const daemon::KeyProcess* keys) {
  for (bool settled = false;;) {
    if (auto why = keys != nullptr ? keys->why_ended() : std::nullopt) return why;
    const int number = ::sigtimedwait(&signals, nullptr, settled ? nullptr : &time_to_settle);
    if (number < 0 && errno == EAGAIN) {
      daemon::give_back_startup_memory();
      settled = true;
    }
    if (number <= 0) continue;
    if (number == SIGHUP)
      host.start_reload();
    else if (number != SIGCHLD)
      return {};
  }
}

base::Result<> prepare_folders(const config::Settings& settings) {
  for (const auto& folder : {settings.spool.directory, settings.state.directory}) {
    auto made = daemon::prepare_folder(folder, settings.user, 0700);
    if (!made) return made;
  }
  for (const auto& socket : {settings.control.socket, config::submit_socket(settings)}) {
    if (socket.empty()) continue;
    auto made = daemon::prepare_folder(socket.substr(0, socket.rfind('/')), settings.user, 0755);
    if (!made) return made;
  }
  // Every user may put files there, and only we list them.  Mail flows without it: whoever looks for it says so.
  std::ignore = daemon::prepare_folder(config::maildrop(settings), settings.user, 03733);
  return {};
}

// Null: the configuration does without, names no key, or is not right, which is said later.
base::Result<std::unique_ptr<daemon::KeyProcess>> start_key_process(const Arguments& arguments) {
  const auto loaded = daemon::made_apart([&] { return config::load(arguments.config); });
  if (!loaded.ok() || !loaded.settings.sandbox.key_process) return nullptr;
  if (daemon::key_paths_of(loaded.settings).empty()) return nullptr;
  return daemon::KeyProcess::start(arguments.config, loaded.settings,
                                   daemon::reactor_count(loaded.settings) + lanes_of_pools, arguments.title);
}

int serve(const Arguments& arguments, const std::shared_ptr<const daemon::LiveSettings>& live, const sigset_t& signals,
          const daemon::KeyProcess* keys) {
  const base::SystemClock clock;
  const auto& settings = live->settings;
  daemon::raise_descriptor_limit();
  auto inherited = daemon::InheritedSockets::from_systemd();
  if (!inherited) return print("cannot start", inherited.error()), exit_failed;
  if (auto prepared = prepare_folders(settings); !prepared) return print("cannot start", prepared.error()), exit_failed;
  log::RecentLines recent;
  auto log = log::open_logger(settings.log, clock, recent);
  if (!log) return print("log", log.error()), exit_failed;
  const auto fail = [&](const base::Error& error) {
    (*log)->error("start_failed", {{"reason", error.message}});
    (*log)->flush();
    if (!settings.log.file.empty()) print("cannot start", error);
    return exit_failed;
  };
  daemon::SystemMachine machine(settings, clock, keys != nullptr ? keys->keys() : net::own_keys());
  daemon::Host host(arguments.config, live, machine, **log, recent, [] { ::kill(::getpid(), SIGTERM); });
  if (auto bound = host.bind(std::move(*inherited)); !bound) return fail(bound.error());
  const auto low_ports = needs_low_ports(settings.acme) ? daemon::LowPorts::later_too : daemon::LowPorts::are_bound;
  if (auto dropped = daemon::drop_privileges(settings.user, low_ports); !dropped) return fail(dropped.error());
  daemon::Reach reach{.files = {}, .keys = keys != nullptr ? daemon::Keys::elsewhere : daemon::Keys::here};
  auto sandbox = daemon::made_apart([&] { return daemon::enter_sandbox(arguments.config, settings, reach.keys); });
  (*log)->start();
  for (const auto& remark : sandbox.remarks) (*log)->warn("sandbox_incomplete", {{"reason", remark}});
  reach.files = std::move(sandbox.granted);
  if (keys != nullptr) {
    for (const auto& remark : keys->remarks()) (*log)->warn("sandbox_incomplete", {{"reason", remark}});
    reach.key_files = keys->granted();
  }
  host.keep_to(std::move(reach));
  if (auto opened = host.open(); !opened) return fail(opened.error());
  host.start();
  (*log)->info("started",
               {{"version", GODWIT_VERSION}, {"pid", static_cast<int>(::getpid())}, {"hostname", settings.hostname}});
  daemon::notify_manager("READY=1");
  daemon::give_back_startup_memory();
  const auto lost_keys = wait_for_stop(signals, host, keys);
  if (lost_keys) (*log)->error("keys_lost", {{"reason", *lost_keys}});
  daemon::notify_manager("STOPPING=1");
  (*log)->info("stopping");
  const bool all_ended = host.stop();
  (*log)->info("stopped");
  (*log)->flush();
  const int status = host.failed() || lost_keys ? exit_failed : 0;
  if (!all_ended) std::_Exit(status);  // a thread that hangs in the system would use what is destroyed
  return status;
}

int run(const Arguments& arguments) {
  if (arguments.print_reference) {
    fmt::print("{}", config::reference_markdown());
    return 0;
  }
  const base::SystemClock clock;
  const bool is_strict = arguments.check && !arguments.as_start;
  const auto out_of_date = is_strict ? daemon::OutOfDate::error : daemon::OutOfDate::warning;
  const auto load = [&](const net::KeyHolder& keys) {
    auto loaded = daemon::load_live_settings(arguments.config, clock, out_of_date, config::system_files(),
                                             net::SystemInterfaces(), nullptr, keys);
    print(loaded.warnings);
    print(loaded.errors);
    return loaded;
  };
  if (arguments.check) return check(load(net::own_keys()), clock);
  const auto signals = block_signals();  // before the first process and thread
  const auto keys = start_key_process(arguments);
  if (!keys) return print("cannot start", keys.error()), exit_failed;
  auto loaded = load(*keys ? (*keys)->keys() : net::own_keys());
  if (!loaded.live) return exit_usage;
  return serve(arguments, loaded.live, signals, keys->get());
}

}  // namespace

int main(int argc, char** argv) {
  daemon::spare_startup_memory();
  Arguments arguments;
  arguments.title = {argv[0], argv[argc - 1] + std::strlen(argv[argc - 1])};
  if (const auto exit_code = read_arguments(argc, argv, arguments)) return *exit_code;
  try {
    return run(arguments);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "godwitd: {}\n", failure.what());
    return exit_failed;
  }
}
