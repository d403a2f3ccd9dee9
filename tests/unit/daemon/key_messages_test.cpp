// SPDX-License-Identifier: Apache-2.0
#include "daemon/key_messages.hpp"

#include <gmock/gmock.h>

namespace godwit::daemon {
namespace {

using ::testing::ElementsAre;

const KeyRequest request{
    .task = KeyTask::sign,
    .number = 7,
    .path = "/etc/godwit/dkim.pem",
    .released = {3, 1ULL << 40U},
    .key = 5,
    .order = {.scheme = net::SigningOrder::Scheme::pss, .digest = "SHA256", .salt = -1, .data = "digest"}};

TEST(KeyMessages, ARequestComesAcross) {
  const auto bytes = to_bytes(request);
  const auto read = request_in(bytes).value();
  EXPECT_EQ(read.task, KeyTask::sign);
  EXPECT_EQ(read.number, 7U);
  EXPECT_EQ(read.path, "/etc/godwit/dkim.pem");
  EXPECT_THAT(read.released, ElementsAre(3, 1ULL << 40U));
  EXPECT_EQ(read.key, 5U);
  EXPECT_EQ(read.order.scheme, net::SigningOrder::Scheme::pss);
  EXPECT_EQ(read.order.digest, "SHA256");
  EXPECT_EQ(read.order.salt, -1);
  EXPECT_EQ(read.order.data, "digest");
}

TEST(KeyMessages, APieceOfARequestIsNone) {
  auto whole = request;
  whole.released = {};
  const auto bytes = to_bytes(whole);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(request_in(std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(request_in(bytes + "x"));
  auto unknown = bytes;
  unknown.front() = 100;
  EXPECT_FALSE(request_in(unknown));
}

TEST(KeyMessages, RepliesComeAcross) {
  const KeyReply reply{.number = 9,
                       .result = "signature",
                       .key = 2,
                       .stamp = {.device = 1, .inode = 2, .size = -1, .changed = -4, .mode = 0100600}};
  const auto read = reply_in(to_bytes(reply)).value();
  EXPECT_EQ(read.number, 9U);
  EXPECT_EQ(*read.result, "signature");
  EXPECT_EQ(read.key, 2U);
  EXPECT_EQ(read.stamp, reply.stamp);
  const KeyReply failed{.number = 1, .result = base::fail(base::ErrorKind::not_found, "/x: No such file", ENOENT)};
  const auto error = reply_in(to_bytes(failed)).value().result.error();
  EXPECT_EQ(error.kind, base::ErrorKind::not_found);
  EXPECT_EQ(error.message, "/x: No such file");
  EXPECT_EQ(error.os_error, ENOENT);
  EXPECT_FALSE(reply_in(""));
  EXPECT_FALSE(reply_in(to_bytes(failed) + "x"));
}

}  // namespace
}  // namespace godwit::daemon
