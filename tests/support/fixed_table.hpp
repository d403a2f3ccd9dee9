// SPDX-License-Identifier: Apache-2.0
// A table of what a test says: known at once, or only when asked, or not to be asked at all.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "godwit/lookup/table.hpp"

namespace godwit::testing {

class FixedTable final : public lookup::Table {
 public:
  enum class Mode { known, asked, down };
  using Entries = std::map<std::string, std::vector<std::string>>;

  FixedTable(std::string name, Entries entries, Mode mode = Mode::known)
      : mode(mode), name_(std::move(name)), entries_(std::move(entries)) {}
  const std::string& name() const override { return name_; }
  std::optional<lookup::Answer> recall(const std::string& key) override {
    return mode == Mode::known ? std::optional(find(key)) : std::nullopt;
  }
  boost::asio::awaitable<lookup::Answer> ask(std::string key) override {
    asked.push_back(key);
    if (mode == Mode::down) co_return lookup::unavailable("it is down");
    co_return find(key);
  }
  std::optional<lookup::Answer> assume(const std::string&) override { return assumed; }
  bool keeps_bare_names() const override { return bare_names; }

  Mode mode;
  bool bare_names = false;
  std::optional<lookup::Answer> assumed;  // where other hosts must not be asked
  std::vector<std::string> asked;

 private:
  lookup::Answer find(const std::string& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? lookup::absent() : lookup::present(found->second);
  }

  std::string name_;
  Entries entries_;
};

inline std::shared_ptr<FixedTable> names(const std::set<std::string>& all,
                                         FixedTable::Mode mode = FixedTable::Mode::known) {
  FixedTable::Entries entries;
  for (const auto& name : all) entries[name] = {};
  return std::make_shared<FixedTable>("accounts", std::move(entries), mode);
}

}  // namespace godwit::testing
