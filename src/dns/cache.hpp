// SPDX-License-Identifier: Apache-2.0
// Answers by question, each until its TTL ends; the least recently used goes first when there are too many.  Private to
// dns/.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>

#include "godwit/base/clock.hpp"
#include "outcome.hpp"

namespace godwit::dns {

class Cache {
 public:
  struct Entry {
    Question question;
    std::shared_ptr<const Outcome> outcome;
    base::MonoTime expires;
  };

  explicit Cache(std::size_t limit) : limit_(limit) {}

  // Null when there is none that is still valid; the entry lives until the next call.
  const Entry* find(const Question& question, base::MonoTime now);
  // An outcome with TTL 0 is not kept (RFC 1035 section 3.2.1).
  void insert(const Question& question, std::shared_ptr<const Outcome> outcome, base::MonoTime now);
  void clear();
  std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<Entry>;  // the most recently used first
  void erase(std::map<Question, Entries::iterator>::iterator it);

  std::size_t limit_;
  Entries entries_;
  std::map<Question, Entries::iterator> by_question_;
};

}  // namespace godwit::dns
