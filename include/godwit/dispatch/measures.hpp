// SPDX-License-Identifier: Apache-2.0
// How long deliveries take, for the metrics.  Home reactor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "godwit/base/histogram.hpp"
#include "godwit/smtp/client_session.hpp"

namespace godwit::dispatch {

struct Measures {
  static constexpr std::size_t stages = static_cast<std::size_t>(smtp::Stage::quit) + 1;

  base::Histogram wait_time{base::waiting_bounds};   // of a transaction: due → its attempt begins
  base::Histogram route_time{base::latency_bounds};  // of the look-ups that say where it goes
  base::Histogram delay{base::waiting_bounds};       // of a recipient: accepted → delivered
  std::uint64_t delivered_bytes = 0;                 // of messages, once a transaction

  // Of an attempt, by the stage in which it ended.
  base::Histogram& attempt_time_of(smtp::Stage stage) { return attempt_times_[static_cast<std::size_t>(stage)]; }
  const base::Histogram& attempt_time_of(smtp::Stage stage) const {
    return attempt_times_[static_cast<std::size_t>(stage)];
  }

 private:
  template <std::size_t... i>
  static std::array<base::Histogram, stages> make_times(std::index_sequence<i...>) {
    return {((void)i, base::Histogram(base::latency_bounds))...};
  }
  std::array<base::Histogram, stages> attempt_times_ = make_times(std::make_index_sequence<stages>());
};

}  // namespace godwit::dispatch
