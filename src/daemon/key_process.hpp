// SPDX-License-Identifier: Apache-2.0
// A small process that holds the private keys and signs for the daemon, whose parsers face the network: what leaks from
// the daemon's memory is no key, and who takes it over can sign as long as he is there, but take no key away.
//
// It is a child of the daemon, begun when that has no thread yet and has read no key; has the user's rights and, where
// the daemon was started as root, that of reading files; can open only the folders that the configuration names (of
// keys, where it can read all files), and /etc or what is the daemon's there, for reading; knows only the system calls
// of signing.  It ends when the daemon does.  Main thread, but for keys().
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>
#include <sys/wait.h>

#include "file_rules.hpp"
#include "godwit/config/settings.hpp"
#include "key_channel.hpp"

namespace godwit::daemon {

class KeyProcess {
 public:
  // lanes: how many threads may sign at a time.  title: where the command line of the process is; the child has its own
  // name there.  Requires: SIGCHLD is blocked, and not ignored.  Errors: os, what dropping privileges has.
  static base::Result<std::unique_ptr<KeyProcess>> start(const std::string& config_path,
                                                         const config::Settings& settings, std::size_t lanes,
                                                         std::span<char> title);
  KeyProcess(const KeyProcess&) = delete;
  KeyProcess& operator=(const KeyProcess&) = delete;
  ~KeyProcess();

  const net::KeyHolder& keys() const { return *keys_; }
  // What it can open; empty: everything that its user can.
  const std::vector<FileRule>& granted() const { return granted_; }
  // Why it is not shut in as the configuration has it.
  const std::vector<std::string>& remarks() const { return remarks_; }
  pid_t pid() const { return child_; }
  // After SIGCHLD.  "it was killed by signal 9"; nothing: it runs.
  std::optional<std::string> why_ended() const { return why_ended(WNOHANG); }

 private:
  explicit KeyProcess(pid_t child) : child_(child) {}
  base::Result<> hear_from_it(int socket);
  std::optional<std::string> why_ended(int wait) const;

  const pid_t child_;
  std::unique_ptr<KeyChannel> keys_;
  std::vector<FileRule> granted_;
  std::vector<std::string> remarks_;
};

}  // namespace godwit::daemon
