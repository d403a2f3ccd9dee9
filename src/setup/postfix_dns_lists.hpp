// SPDX-License-Identifier: Apache-2.0
// Lists in DNS, as restrictions and postscreen name them, become scores.  Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace godwit::setup::postfix {

class DnsLists {
 public:
  // "reject_rbl_client" "zen.spamhaus.org=127.0.0.[2..11]".  Returns why not.
  std::optional<std::string> add(const std::string& restriction, const std::string& list);
  // "zen.spamhaus.org=127.0.0.[2..11]*3", "list.dnswl.org*-2".
  std::optional<std::string> add_weighted(const std::string& site);
  void set_threshold(std::uint64_t threshold);
  void only_mark(bool only) { only_marks_ = only; }
  // Of the section `policy`.
  std::vector<std::string> lines() const;

 private:
  struct List {
    std::string zone, of;
    std::vector<std::string> answers;
    int score = 0;  // 0: enough to be refused
  };
  std::optional<std::string> add(const std::string& list, const std::string& of, int score);

  std::vector<List> lists_;
  int threshold_ = 5;
  bool only_marks_ = false;
};

}  // namespace godwit::setup::postfix
