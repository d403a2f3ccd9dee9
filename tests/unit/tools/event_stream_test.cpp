// SPDX-License-Identifier: Apache-2.0
#include "tools/event_stream.hpp"

#include <gtest/gtest.h>

namespace godwit::tools {
namespace {

constexpr std::string_view stream =
    ":\n\nevent: held\ndata: {\"id\":\"A\"}\n\n:\n\nevent: lost\ndata: {\"count\":7}\n\n";

TEST(EventStream, IsTheSameHoweverItIsCut) {
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    EventStream events;
    std::string seen;
    const auto take = [&] {
      while (const auto event = events.next()) seen += event->name + "=" + event->data + ";";
    };
    events.add(stream.substr(0, cut));
    take();
    events.add(stream.substr(cut));
    take();
    EXPECT_EQ(seen, "held={\"id\":\"A\"};lost={\"count\":7};") << cut;
  }
}

}  // namespace
}  // namespace godwit::tools
