// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/zone_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace godwit::setup {
namespace {

using dns::Status;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class T>
T wait_for(boost::asio::awaitable<T> task) {
  boost::asio::io_context context;
  auto result = boost::asio::co_spawn(context, std::move(task), boost::asio::use_future);
  context.run();
  return result.get();
}

ZoneFile zone(std::string_view text) {
  auto parsed = ZoneFile::parse(text);
  if (!parsed) throw std::runtime_error(parsed.error().message);
  return *std::move(parsed);
}

std::string fault_of(std::string_view text) {
  const auto parsed = ZoneFile::parse(text);
  return parsed ? "" : parsed.error().message;
}

TEST(ZoneFile, RecordsOfMailAreRead) {
  auto read = zone(R"(; a comment
$TTL 1h
$ORIGIN example.com.
@ 3600 IN SOA ns hostmaster ( 1 2 3
   4 5 )
@        IN MX 10 mail
         IN MX 20 backup.example.net.
mail  60 IN A 192.0.2.1
mail     IN AAAA 2001:db8::1
_dmarc   TXT "v=DMARC1; p=none" ; with a ; in it
k._domainkey IN TXT ( "v=DKIM1; "
   "p=abc" )
_25._tcp.mail IN TLSA 3 1 1 00ff 10
www CNAME mail
1.2.0.192.in-addr.arpa. IN PTR mail.example.com.
)");
  EXPECT_THAT(wait_for(read.mx("EXAMPLE.com")).records,
              ElementsAre(dns::Mx{10, "mail.example.com"}, dns::Mx{20, "backup.example.net"}));
  EXPECT_THAT(wait_for(read.txt("_dmarc.example.com")).records, ElementsAre("v=DMARC1; p=none"));
  EXPECT_THAT(wait_for(read.txt("k._domainkey.example.com")).records, ElementsAre("v=DKIM1; p=abc"));
  EXPECT_THAT(wait_for(read.tlsa("_25._tcp.mail.example.com")).records,
              ElementsAre(dns::Tlsa{3, 1, 1, std::string("\x00\xff\x10", 3)}));
  const auto address = *base::IpAddress::parse("192.0.2.1");
  EXPECT_THAT(wait_for(read.addresses("www.example.com", dns::Family::v4)).records, ElementsAre(address));
  EXPECT_EQ(wait_for(read.addresses("www.example.com", dns::Family::v4)).canonical_name, "mail.example.com");
  EXPECT_THAT(wait_for(read.ptr(address)).records, ElementsAre("mail.example.com"));
}

TEST(ZoneFile, WhatIsNotThereIsToldApart) {
  auto read = zone("a.b.example.com. IN A 192.0.2.1\n");
  EXPECT_EQ(wait_for(read.mx("a.b.example.com")).status, Status::no_data);
  EXPECT_EQ(wait_for(read.mx("b.example.com")).status, Status::no_data);
  EXPECT_EQ(wait_for(read.mx("c.example.com")).status, Status::no_name);
  EXPECT_EQ(wait_for(read.mx("not a name")).status, Status::no_name);
}

TEST(ZoneFile, ANullMxHasTheRootAsItsHost) {
  EXPECT_THAT(wait_for(zone("example.com. MX 0 .\n").mx("example.com")).records, ElementsAre(dns::Mx{0, ""}));
}

TEST(ZoneFile, AliasesInACircleEnd) {
  auto read = zone("a.example. CNAME b.example.\nb.example. CNAME a.example.\n");
  EXPECT_EQ(wait_for(read.txt("a.example")).status, Status::temporary);
}

TEST(ZoneFile, FaultsNameTheirLine) {
  EXPECT_THAT(fault_of("ok. IN A 192.0.2.1\nbad. IN A 192.0.2.999\n"), HasSubstr("line 2: the data of A"));
  EXPECT_THAT(fault_of("a. IN TXT \"open\n"), HasSubstr("line 1: a string"));
  EXPECT_THAT(fault_of("a. IN TXT ( \"x\"\n"), HasSubstr("line 1: a ( without"));
  EXPECT_THAT(fault_of("a. IN TXT x )\n"), HasSubstr("a ) without"));
  EXPECT_THAT(fault_of("a. IN TLSA 3 1 1 abc\n"), HasSubstr("TLSA"));
  EXPECT_THAT(fault_of("a. IN MX ten mail.\n"), HasSubstr("MX"));
  EXPECT_THAT(fault_of("  IN A 192.0.2.1\n"), HasSubstr("without a name"));
  EXPECT_THAT(fault_of("a. 60 IN\n"), HasSubstr("without a type"));
  EXPECT_THAT(fault_of("$INCLUDE other\n"), HasSubstr("$INCLUDE is not read"));
  EXPECT_THAT(fault_of("@ IN A 192.0.2.1\n"), HasSubstr("is no name"));
}

}  // namespace
}  // namespace godwit::setup
