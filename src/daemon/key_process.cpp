// SPDX-License-Identifier: Apache-2.0
#include "key_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "godwit/base/exception_text.hpp"
#include "godwit/base/text.hpp"
#include "key_server.hpp"
#include "landlock.hpp"
#include "privileges.hpp"
#include "sandbox.hpp"
#include "startup_memory.hpp"
#include "system_calls.hpp"

namespace godwit::daemon {
namespace {

constexpr base::Duration longest_signature = std::chrono::seconds(5);
constexpr const char* process_name = "godwitd: keys";
constexpr int first_of_ours = 3;  // behind the standard streams

struct Ends {
  net::FileDescriptor daemon, keys;
};

base::Result<std::vector<Ends>> make_sockets(std::size_t count) {
  std::vector<Ends> all;
  for (std::size_t i = 0; i < count; ++i) {
    int pair[2] = {};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
      return base::fail_os("cannot make a socket for the private keys", errno);
    all.push_back({net::FileDescriptor(pair[0]), net::FileDescriptor(pair[1])});
  }
  return all;
}

// ---- the child
// -------------------------------------------------------------------------------------------------------

// Nothing else of the daemon stays open: a listening socket would outlive it.
void close_all_but(std::vector<int> kept) {
  std::ranges::sort(kept);
  unsigned next = first_of_ours;
  for (const int one : kept) {
    const auto number = static_cast<unsigned>(one);
    if (number > next) ::close_range(next, number - 1, 0);
    next = std::max(next, number + 1);
  }
  ::close_range(next, ~0U, 0);
}

void take_name(std::span<char> title) {
  ::prctl(PR_SET_NAME, process_name, 0, 0, 0);
  const std::string_view text = process_name;
  if (title.size() <= text.size()) return;
  std::ranges::fill(title, '\0');
  std::ranges::copy(text, title.begin());
}

void write_no_core() {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

// What could not be done although the configuration has it; whether files are confined.
struct Confined {
  bool files = false;
  std::vector<std::string> remarks;
};

Confined confine(const std::vector<FileRule>& granted) {
  Confined result;
  if (const auto done = confine_files(granted); done)
    result.files = true;
  else
    result.remarks.push_back("files of the process with the private keys: " + done.error().message);
  if (const auto done = confine_to_signing(); !done)
    result.remarks.push_back("system calls of the process with the private keys: " + done.error().message);
  return result;
}

// Until the daemon has ended.
[[noreturn]] void answer_on(KeyServer& server, int socket) {
  // Most of it is never needed, and then is no memory.
  const auto buffer = std::make_unique_for_overwrite<char[]>(largest_packet);
  for (;;) {
    const auto got = ::recv(socket, buffer.get(), largest_packet, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) ::_exit(0);
    const auto reply = server.answer(std::string_view(buffer.get(), static_cast<std::size_t>(got)));
    if (::send(socket, reply.data(), reply.size(), MSG_NOSIGNAL) < 0 && errno != EMSGSIZE) ::_exit(0);
  }
}

void say(int socket, const KeyReply& reply) {
  const auto bytes = to_bytes(reply);
  std::ignore = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

// For what is thrown.
[[noreturn]] void give_up(int socket) {
  KeyReply reply;
  reply.result = base::fail(base::ErrorKind::io, base::exception_text(std::current_exception()));
  say(socket, reply);
  ::_exit(1);
}

// The first packet on the socket for files says how it went.
[[noreturn]] void hold_keys(const config::Settings& settings, const std::vector<FileRule>& granted,
                            const std::vector<int>& sockets) {
  write_no_core();
  // Reads its configuration, which may lie outside.
  OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr);
  KeyReply reply;
  if (auto dropped = drop_all_but_reading(settings.user); !dropped) {
    reply.result = std::unexpected(std::move(dropped.error()));
    say(sockets.front(), reply);
    ::_exit(1);
  }
  give_back_startup_memory();
  if (is_sandbox_wanted(settings)) {
    const auto confined = confine(granted);
    reply.result = base::join(confined.remarks, "\n");
    reply.key = confined.files ? 1 : 0;
  }
  KeyServer server;
  std::vector<std::thread> threads;
  try {
    for (std::size_t i = 1; i < sockets.size(); ++i)
      threads.emplace_back([&server, socket = sockets[i]] { answer_on(server, socket); });
  } catch (...) {
    give_up(sockets.front());  // here: those that were begun cannot be ended
  }
  say(sockets.front(), reply);
  answer_on(server, sockets.front());
}

[[noreturn]] void be_child(const config::Settings& settings, const std::vector<FileRule>& granted,
                           const std::vector<int>& sockets, std::span<char> title) {
  close_all_but(sockets);
  take_name(title);
  try {
    hold_keys(settings, granted, sockets);
  } catch (...) {
    give_up(sockets.front());
  }
}

}  // namespace

// ---- the daemon
// ------------------------------------------------------------------------------------------------------

base::Result<std::unique_ptr<KeyProcess>> KeyProcess::start(const std::string& config_path,
                                                            const config::Settings& settings, std::size_t lanes,
                                                            std::span<char> title) {
  auto sockets = make_sockets(lanes + 1);
  if (!sockets) return std::unexpected(std::move(sockets.error()));
  const auto granted = key_file_rules(config_path, settings, may_read_everything() ? KeyReader::root : KeyReader::user);
  std::vector<int> theirs;
  for (const auto& [ours, its] : *sockets) theirs.push_back(its.get());
  const pid_t child = ::fork();
  if (child < 0) return base::fail_os("cannot begin the process that holds the private keys", errno);
  if (child == 0) be_child(settings, granted, theirs, title);
  std::unique_ptr<KeyProcess> process(new KeyProcess(child));
  for (auto& ends : *sockets) ends.keys.reset();
  process->granted_ = granted;
  if (auto heard = process->hear_from_it(sockets->front().daemon.get()); !heard)
    return base::fail(heard.error().kind, "the process that holds the private keys: " + heard.error().message);
  std::vector<net::FileDescriptor> signing;
  for (std::size_t i = 1; i < sockets->size(); ++i) signing.push_back(std::move((*sockets)[i].daemon));
  // If it hangs: that it has ended is noticed in one place.
  auto end_it = [child] { ::kill(child, SIGKILL); };
  process->keys_ = std::make_unique<KeyChannel>(std::move(sockets->front().daemon), std::move(signing),
                                                longest_signature, std::move(end_it));
  return process;
}

base::Result<> KeyProcess::hear_from_it(int socket) {
  std::string buffer(largest_packet, '\0');
  const auto got = ::recv(socket, buffer.data(), buffer.size(), 0);
  const auto reply = reply_in(std::string_view(buffer).substr(0, got > 0 ? static_cast<std::size_t>(got) : 0));
  // Its end of the socket is closed a moment before it has ended.
  if (got == 0) return base::fail(base::ErrorKind::closed, why_ended(0).value_or("it says nothing"));
  if (!reply) return base::fail(base::ErrorKind::closed, "it says nothing");
  if (!reply->result) return std::unexpected(reply->result.error());
  if (reply->key == 0) granted_.clear();
  for (const auto remark : base::split(*reply->result, '\n'))
    if (!remark.empty()) remarks_.emplace_back(remark);
  return {};
}

// Not reaped before the destructor: until then its number is nobody else's.
std::optional<std::string> KeyProcess::why_ended(int wait) const {
  siginfo_t status{};
  if (::waitid(P_PID, static_cast<id_t>(child_), &status, WEXITED | WNOWAIT | wait) != 0)
    return errno == ECHILD ? std::optional<std::string>("it ended") : std::nullopt;
  if (status.si_pid == 0) return {};
  if (status.si_code == CLD_EXITED) return fmt::format("it ended with status {}", status.si_status);
  return fmt::format("it was killed by signal {}", status.si_status);
}

KeyProcess::~KeyProcess() {
  keys_.reset();
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

}  // namespace godwit::daemon
