// SPDX-License-Identifier: Apache-2.0
// What events are found by, in an index of frames: whatever history_matcher.hpp compares of an event, in lower case.  A
// frame that has an event that a query means has a term for each of the query's patterns; the other way round need not
// hold, so what is found so is read and compared.  Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "history_format.hpp"

namespace godwit::state {

// As in the file: a number keeps its meaning.
enum class TermKind : std::uint8_t {
  everything = 0,  // of a frame with more than can be indexed: any query may mean it
  sender = 1,
  sender_domain = 2,
  recipient = 3,
  destination = 4,  // a domain of recipients, or a site
  outcome = 5,
  message_id = 6,
  subject = 7,
};

inline constexpr std::size_t longest_term = 255;  // the rest is cut off

struct Term {
  TermKind kind{};
  std::string text{};
  auto operator<=>(const Term&) const = default;
};
// Those of one frame, sorted, each once; and of when its events are.
struct FrameTerms {
  std::uint32_t frame = 0;
  std::vector<Term> terms{};
  base::WallTime first = base::WallTime::max(), last = base::WallTime::min();
};
// They take no more than about the frame does, else it is one of `everything`.
FrameTerms terms_of_frame(std::uint32_t offset, std::string_view payload);

// Terms that an event must have one of.
struct TermPattern {
  TermKind kind{};
  std::string prefix{};                  // with which they all begin
  std::optional<std::string> pattern{};  // nothing: the prefix is all of it

  bool may_mean(std::string_view term) const;
};
// All of them must be there.  None: the query says nothing that the index could tell.
std::vector<TermPattern> patterns_of(const HistoryQuery& query);

}  // namespace godwit::state
