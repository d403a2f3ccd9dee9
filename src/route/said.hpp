// SPDX-License-Identifier: Apache-2.0
// What the tables have said in the course of one question, and what they must still be asked.  The one who works the
// answer out asks it again and again, without waiting, until nothing is missing.  Private to route/.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "godwit/lookup/table.hpp"
#include "godwit/route/settings.hpp"

namespace godwit::route {

class Said {
 public:
  explicit Said(OtherHosts others = OtherHosts::may_be_asked) : others_(others) {}
  // Null: not known yet, and noted as missing; or the table could not be asked, and so nothing can be said.
  const lookup::Answer* about(lookup::Table& table, const std::string& key);
  // How often nothing could be said: who counts before and after knows whether an answer of his own is one.
  std::size_t unknowns() const { return unknowns_; }
  bool wants_more() const { return !missing_.empty() && !outage_; }
  // "TABLE: why", of the first that could not be asked.
  const std::optional<std::string>& outage() const { return outage_; }
  // Asks what is missing.
  boost::asio::awaitable<void> learn();

 private:
  using Question = std::pair<lookup::Table*, std::string>;
  const lookup::Answer* keep(Question question, lookup::Answer answer);

  const OtherHosts others_;
  std::map<Question, lookup::Answer> answers_;
  std::set<Question> missing_;
  std::optional<std::string> outage_;
  std::size_t unknowns_ = 0;
};

}  // namespace godwit::route
