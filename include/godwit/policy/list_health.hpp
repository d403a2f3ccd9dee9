// SPDX-License-Identifier: Apache-2.0
// Which lists in DNS can be believed.  A list that says everything is on it would refuse all mail, one whose zone is
// gone would only cost time: neither is asked until its test points (RFC 5782 section 5) are as they should be again.
// Whoever is about to ask a list tests it when that is due.  Thread-safe: asked by every reactor.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/log/logger.hpp"

namespace godwit::policy {

enum class ListState : std::uint8_t {
  untested,
  good,
  lists_everything,  // also what must not be on any list
  lists_nothing,     // not even what must be on every list
  refuses,           // says that we may not ask, or answers what is no answer of a list
  unreachable,       // several look-ups in a row failed
};
std::string_view to_string(ListState state);  // "good", "lists_everything" ...

class ListHealth {
 public:
  static constexpr base::Duration test_interval = std::chrono::minutes(30);
  static constexpr base::Duration retry_interval = std::chrono::minutes(1);  // of one that is switched off
  static constexpr std::uint32_t most_failures = 3;

  explicit ListHealth(log::Logger& log) : log_(log) {}

  // Whether it may be believed.  An untested one must be tested first.
  ListState state(const std::string& zone) const;
  // The caller shall test it now, and say in `tested` what came of it.  Of a list that was tested once only one caller
  // is told so.
  bool is_due(const std::string& zone, base::MonoTime now);
  // good: as it should be; unreachable: no answer, which changes nothing of one that was good.
  void tested(const std::string& zone, ListState found, base::MonoTime now);
  // What ordinary look-ups have come to.
  void answered(const std::string& zone);
  void failed(const std::string& zone, base::MonoTime now);
  void refused(const std::string& zone, const std::string& answer, base::MonoTime now);

  struct Report {
    std::string zone;
    ListState state = ListState::untested;
    std::string reason;
  };
  std::vector<Report> report() const;  // in order of zone
  // Lists that are not configured any more are forgotten.
  void keep_only(const std::vector<std::string>& zones);

 private:
  struct Known {
    ListState state = ListState::untested;
    std::string reason{};
    base::MonoTime tested{};
    std::uint32_t failures = 0;
  };
  void change(const std::string& zone, Known& known, ListState state, std::string reason);  // under the lock

  log::Logger& log_;
  mutable std::mutex mutex_;
  std::map<std::string, Known> lists_;  // as many as are configured
};

}  // namespace godwit::policy
