// SPDX-License-Identifier: Apache-2.0
#include "daemon/service_manager.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "godwit/net/file_descriptor.hpp"
#include "support/test_certificate.hpp"

namespace godwit::daemon {
namespace {

struct Notice {
  std::string words;
  net::FileDescriptor descriptor;
};

class ServiceManager : public ::testing::Test {
 protected:
  void TearDown() override {
    for (const char* name : {"NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  }

  // A manager listens there; '@' begins a name without a file.
  void listen(const std::string& place) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(place, address.sun_path);
    if (place.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + place.size());
    manager.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    ASSERT_EQ(::bind(manager.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", place.c_str(), 1);
  }

  Notice received() const {
    Notice notice;
    std::array<char, 1000> words{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec part{.iov_base = words.data(), .iov_len = words.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto size = ::recvmsg(manager.get(), &message, 0);
    if (size > 0) notice.words.assign(words.data(), static_cast<std::size_t>(size));
    if (cmsghdr* const header = CMSG_FIRSTHDR(&message); header != nullptr) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
      notice.descriptor.reset(descriptor);
    }
    return notice;
  }

  static void pass(const std::string& process, const std::string& count, const std::string& names) {
    ::setenv("LISTEN_PID", process.c_str(), 1);
    ::setenv("LISTEN_FDS", count.c_str(), 1);
    ::setenv("LISTEN_FDNAMES", names.c_str(), 1);
  }

  const testing::TemporaryFolder folder;
  net::FileDescriptor manager;
};

TEST_F(ServiceManager, HearsWordsAtAPath) {
  listen(folder / "notify");
  EXPECT_TRUE(notify_manager("READY=1"));
  const auto notice = received();
  EXPECT_EQ(notice.words, "READY=1");
  EXPECT_FALSE(notice.descriptor);
}

TEST_F(ServiceManager, GetsADescriptorAtANameWithoutAFile) {
  listen("@godwit-" + std::to_string(::getpid()));
  const net::FileDescriptor mine(::open((folder / "file").c_str(), O_CREAT | O_RDWR, 0600));
  EXPECT_TRUE(notify_manager("FDSTORE=1\nFDNAME=one", mine.get()));
  const auto notice = received();
  EXPECT_EQ(notice.words, "FDSTORE=1\nFDNAME=one");
  struct stat sent {
  }, got{};
  ASSERT_EQ(::fstat(mine.get(), &sent), 0);
  ASSERT_EQ(::fstat(notice.descriptor.get(), &got), 0);
  EXPECT_EQ(sent.st_ino, got.st_ino);
}

TEST_F(ServiceManager, NobodyListens) {
  EXPECT_FALSE(notify_manager("READY=1"));
  for (const std::string place : {"", "/", "@", "relative", "/nobody/listens/here"}) {
    ::setenv("NOTIFY_SOCKET", place.c_str(), 1);
    EXPECT_FALSE(notify_manager("READY=1")) << place;
  }
  ::setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'a')).c_str(), 1);
  EXPECT_FALSE(notify_manager("READY=1"));
}

TEST_F(ServiceManager, PassesDescriptorsWithTheirNames) {
  constexpr int first = 3;
  if (::fcntl(first, F_GETFD) < 0) ::dup2(STDERR_FILENO, first);
  pass(std::to_string(::getpid()), "1", "mx:more");
  const auto passed = take_passed_descriptors().value();
  ASSERT_EQ(passed.size(), 1U);
  EXPECT_EQ(passed[0].descriptor, first);
  EXPECT_EQ(passed[0].name, "mx");
  EXPECT_EQ(::fcntl(first, F_GETFD), FD_CLOEXEC);
  EXPECT_TRUE(take_passed_descriptors().value().empty());
}

TEST_F(ServiceManager, WhatIsForAnotherProcessIsLeftAlone) {
  pass("1", "3", "");
  EXPECT_TRUE(take_passed_descriptors().value().empty());
}

TEST_F(ServiceManager, NonsenseIsAnError) {
  const auto own = std::to_string(::getpid());
  for (const auto& [process, count] :
       {std::pair<std::string, std::string>{own, "-1"}, {own, "many"}, {own, "1000000"}, {"x", "1"}}) {
    pass(process, count, "");
    EXPECT_EQ(take_passed_descriptors().error().kind, base::ErrorKind::invalid) << process << " " << count;
  }
  pass(own, "4000", "");  // more than are open
  EXPECT_FALSE(take_passed_descriptors());
}

}  // namespace
}  // namespace godwit::daemon
