// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/stream.hpp"

#include <array>

#include <gmock/gmock.h>

#include "support/run_on.hpp"
#include "support/scripted_stream.hpp"

namespace godwit::net {
namespace {

using testing::FailCount;
using testing::run_on;
using testing::run_together;
using testing::ScriptedStream;

constexpr base::MonoTime soon(std::chrono::seconds(1));

Task<std::string> read_to_end(Stream& stream) {
  std::string all;
  for (;;) {
    std::array<char, 7> buffer{};
    auto got = co_await read_some(stream, buffer, base::no_deadline);
    if (!got && got.error().kind == base::ErrorKind::closed) co_return all;
    if (!got) co_return std::unexpected(got.error());
    all.append(buffer.data(), *got);
  }
}

Task<> write_and_end(Stream& stream, std::string bytes) {
  auto written = co_await write_all(stream, bytes, base::no_deadline);
  stream.shutdown();
  co_return written;
}

TEST(ReadSome, GivesWhatIsThereThenTimesOut) {
  boost::asio::io_context io;
  ScriptedStream stream(io.get_executor(), {.block_first = true});
  stream.feed("abc");
  std::array<char, 10> buffer{};
  EXPECT_EQ(run_on(io, read_some(stream, buffer, soon)).value(), 3U);
  EXPECT_EQ(run_on(io, read_some(stream, buffer, soon)).error().kind, base::ErrorKind::timed_out);
}

TEST(ReadSome, SaysClosedAtTheEnd) {
  boost::asio::io_context io;
  ScriptedStream stream(io.get_executor());
  stream.feed_end();
  std::array<char, 10> buffer{};
  EXPECT_EQ(run_on(io, read_some(stream, buffer, soon)).error().kind, base::ErrorKind::closed);
}

TEST(ReadSome, SaysCancelled) {
  boost::asio::io_context io;
  ScriptedStream stream(io.get_executor());
  stream.cancel();
  std::array<char, 10> buffer{};
  EXPECT_EQ(run_on(io, read_some(stream, buffer, soon)).error().kind, base::ErrorKind::cancelled);
}

TEST(WriteAll, PassesEveryByteThroughASmallPipe) {
  boost::asio::io_context io;
  auto [a, b] = ScriptedStream::make_pair(io.get_executor(), {.write_at_most = 3, .capacity = 5, .block_first = true});
  const std::string sent(1000, 'x');
  auto [written, read] = run_together(io, write_and_end(*a, sent), read_to_end(*b));
  EXPECT_TRUE(written.has_value());
  EXPECT_EQ(read.value(), sent);
}

TEST(WriteAll, SaysClosedWhenThePeerIsGone) {
  boost::asio::io_context io;
  auto [a, b] = ScriptedStream::make_pair(io.get_executor());
  b.reset();
  EXPECT_EQ(run_on(io, write_all(*a, "x", soon)).error().kind, base::ErrorKind::closed);
}

TEST(WriteAll, FailsWhicheverOperationFails) {
  for (std::size_t n = 0;; ++n) {
    ASSERT_LT(n, 100U);
    boost::asio::io_context io;
    FailCount fail(n);
    ScriptedStream stream(io.get_executor(), {.write_at_most = 3, .block_first = true, .fail = &fail});
    const auto written = run_on(io, write_all(stream, "0123456789", soon));
    EXPECT_EQ(written.has_value(), !fail.happened());
    if (!fail.happened()) break;
    EXPECT_EQ(written.error().kind, base::ErrorKind::closed);
  }
}

TEST(ClosedStream, IsOverInEveryDirection) {
  boost::asio::io_context io;
  const auto stream = closed_stream();
  std::array<char, 10> buffer{};
  EXPECT_EQ(run_on(io, read_some(*stream, buffer, soon)).error().kind, base::ErrorKind::closed);
  EXPECT_EQ(run_on(io, write_all(*stream, "x", soon)).error().kind, base::ErrorKind::closed);
  EXPECT_EQ(run_on(io, stream->readable(soon)).error().kind, base::ErrorKind::closed);
  EXPECT_EQ(stream->tls_info(), nullptr);
}

}  // namespace
}  // namespace godwit::net
