// SPDX-License-Identifier: Apache-2.0
// The commands that ask the running daemon.  Each prints, and gives the exit code.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "console.hpp"

namespace godwit::tools {

enum class Output { text, json };

// Which messages are meant; what is empty was not said.  The daemon reads and checks the values.
struct Selectors {
  std::string sender{}, recipient{}, destination{}, state{}, older{};
  bool all = false;
  bool empty() const {
    return sender.empty() && recipient.empty() && destination.empty() && state.empty() && older.empty() && !all;
  }
};

// Of the history; what is empty was not said.
struct HistorySearch {
  std::string sender{}, recipient{}, destination{}, message_id{}, subject{}, outcome{}, since{}, until{};
  std::size_t limit = 100;
};

struct ControlCommands {
  Console& console;
  std::string socket;
  Output output = Output::text;

  int status() const;
  int queue_list(const Selectors& selectors, std::size_t limit) const;  // 0: all
  int queue_show(const std::vector<std::string>& ids) const;
  // retry, hold, release, bounce, delete; reason: of bounce
  int queue_change(const std::string& verb, const std::vector<std::string>& ids, const std::string& reason) const;
  // limit: at most so many; 0: all
  int queue_change_many(const std::string& verb, const Selectors& selectors, const std::string& reason,
                        std::size_t limit) const;
  int trace(const std::vector<std::string>& ids) const;
  int history_search(const HistorySearch& search) const;
  // Until the daemon ends.  name: only events of this name; empty: all.
  int events(const std::string& name) const;
  int route(const std::string& address, const std::string& sender) const;
  int why(const std::string& what) const;
  int destinations() const;
  int tls() const;
  // suspend, resume; wait: like 2h, may be empty.  destination empty: all delivery.
  int delivery(const std::string& verb, const std::string& destination, const std::string& wait,
               const std::string& reason) const;
  int limits(std::size_t most) const;  // 0: as usual
  int reset_limits(const std::string& key) const;
  int lockouts() const;
  int unlock(const std::string& name) const;
  int suppressions() const;
  int suppress(const std::string& address, const std::string& time, const std::string& reason) const;
  int unsuppress(const std::string& address) const;
  int flush_dns() const;
  int stopped() const;
  // verb: release, purge.
  int account(const std::string& verb, const std::string& name) const;
  int renew_certificate() const;
  int send_tls_reports() const;
  int send_dmarc_reports() const;
  int dmarc_reports() const;
  // time: like 30d, may be empty.
  int dmarc_summary(const std::string& domain, const std::string& time) const;
  // force: also where it would refuse more of the mail than the configuration allows.
  int reload(bool force) const;
  int stop() const;
};

}  // namespace godwit::tools
