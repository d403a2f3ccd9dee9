// SPDX-License-Identifier: Apache-2.0
// The way to the private keys, and who answers at its other end, here on threads.
#include "daemon/key_channel.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include <gmock/gmock.h>

#include "daemon/key_server.hpp"
#include "godwit/mailauth/key.hpp"
#include "godwit/net/tls.hpp"
#include "support/test_certificate.hpp"

namespace godwit::daemon {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::KeyType;
using testing::make_certificate;
using ::testing::StartsWith;

class KeyChannelTest : public ::testing::Test {
 protected:
  enum class Other { answers, says_nothing };

  ~KeyChannelTest() override { end_other_side(); }

  // By who answers.
  bool is_kept(std::uint64_t key) {
    const std::string digest(32, 'd');
    const auto bytes = to_bytes({.task = KeyTask::sign, .key = key, .order = {.data = digest}});
    return reply_in(server_.answer(bytes)).value().result.has_value();
  }

  const net::KeyHolder& open(Other other, base::Duration patience = 20s, std::size_t lanes = 2) {
    std::vector<net::FileDescriptor> ours;
    for (std::size_t i = 0; i <= lanes; ++i) {
      int pair[2] = {};
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
      ours.emplace_back(pair[0]);
      theirs_.emplace_back(pair[1]);
      if (other == Other::answers) threads_.emplace_back([this, socket = pair[1]] { answer(socket); });
    }
    auto files = std::move(ours.back());
    ours.pop_back();
    channel_ = std::make_unique<KeyChannel>(std::move(files), std::move(ours), patience, [this] { ++lost_; });
    return *channel_;
  }

  // What was asked for a file, and not answered yet.
  std::vector<std::string> questions() {
    std::vector<std::string> found;
    std::string buffer(largest_packet, '\0');
    for (;;) {
      const auto got = ::recv(theirs_.back().get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got <= 0) return found;
      found.push_back(buffer.substr(0, static_cast<std::size_t>(got)));
    }
  }
  void answer_late(const std::string& question) {
    const auto reply = server_.answer(question);
    ::send(theirs_.back().get(), reply.data(), reply.size(), MSG_NOSIGNAL);
  }
  void answer_from_now_on() {
    threads_.emplace_back([this, socket = theirs_.back().get()] { answer(socket); });
  }

  void end_other_side() {
    for (const auto& socket : theirs_) ::shutdown(socket.get(), SHUT_RDWR);
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    theirs_.clear();
  }

  std::string dkim_key(mailauth::KeyKind kind) {
    return folder_.write("dkim.pem", mailauth::Key::generate(kind, 1024).value().private_pem());
  }
  static mailauth::Key signer(const net::KeyHolder& keys, const std::string& path) {
    return mailauth::Key::from_handle(keys.private_key(path).value().release()).value();
  }

  testing::TemporaryFolder folder_;
  std::atomic<int> lost_ = 0;
  std::atomic<std::size_t> largest_question_ = 0;
  KeyServer server_;
  std::vector<net::FileDescriptor> theirs_;
  std::vector<std::thread> threads_;
  std::unique_ptr<KeyChannel> channel_;

 private:
  void answer(int socket) {
    std::string buffer(largest_packet, '\0');
    for (;;) {
      const auto got = ::recv(socket, buffer.data(), buffer.size(), 0);
      if (got <= 0) return;
      largest_question_ = std::max(largest_question_.load(), static_cast<std::size_t>(got));
      const auto reply = server_.answer(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
      ::send(socket, reply.data(), reply.size(), MSG_NOSIGNAL);
    }
  }
};

TEST_F(KeyChannelTest, MessagesAreSignedFromAfar) {
  const auto& keys = open(Other::answers);
  const std::string digest(32, 'd');
  for (const auto kind : {mailauth::KeyKind::rsa, mailauth::KeyKind::ed25519}) {
    const auto path = dkim_key(kind);
    const auto itself = signer(net::own_keys(), path), remote = signer(keys, path);
    EXPECT_EQ(remote.kind(), kind);
    EXPECT_EQ(remote.bits(), itself.bits());
    const auto signature = remote.sign(digest);
    ASSERT_TRUE(signature) << signature.error().message;
    EXPECT_TRUE(itself.verifies(digest, *signature));
    EXPECT_EQ(*signature, itself.sign(digest).value());
  }
}

TEST_F(KeyChannelTest, CertificatesAndTheirKeysComeFromAfar) {
  const auto& keys = open(Other::answers);
  const auto files = make_certificate(folder_, "one", {.names = {"mail.example.com"}, .key = KeyType::rsa});
  EXPECT_EQ(net::check_certificate(files, keys).value().subject, "CN=mail.example.com");
  net::TlsSettings settings;
  settings.certificates = {files};
  EXPECT_TRUE(net::TlsServerContext::load(settings, {}, keys));
  EXPECT_EQ(keys.stamp(files.private_key).value(), net::stamp_of(files.private_key));
  EXPECT_TRUE(keys.readable(files.private_key));
}

TEST_F(KeyChannelTest, ErrorsAreThoseOfTheFile) {
  const auto& keys = open(Other::answers);
  const auto path = folder_ / "none";
  for (const auto& error :
       {keys.private_key(path).error(), keys.certificates(path).error(), keys.readable(path).error()}) {
    EXPECT_EQ(error.kind, base::ErrorKind::not_found);
    EXPECT_EQ(error.os_error, ENOENT);
    EXPECT_THAT(error.message, StartsWith(path));
  }
  EXPECT_THAT(keys.private_key(folder_.write("text", "x")).error().message, HasSubstr("no PEM private key in it"));
  EXPECT_EQ(lost_, 0);
}

TEST_F(KeyChannelTest, ManyThreadsSignAtATime) {
  const auto& keys = open(Other::answers);
  const auto path = dkim_key(mailauth::KeyKind::ed25519);
  const auto key = signer(keys, path);
  const auto expected = signer(net::own_keys(), path).sign(std::string(32, 'd')).value();
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 50; ++n) right += key.sign(std::string(32, 'd')) == expected ? 1 : 0;
      });
  }
  EXPECT_EQ(right, 400);
}

TEST_F(KeyChannelTest, AKeyThatNobodyHasAnyMoreIsForgotten) {
  const auto& keys = open(Other::answers);
  const auto path = dkim_key(mailauth::KeyKind::ed25519);
  std::optional<mailauth::Key> key = signer(keys, path);
  EXPECT_TRUE(is_kept(1));
  key.reset();
  EXPECT_FALSE(keys.readable(std::string(largest_packet, 'x'))) << "it cannot even be asked";
  EXPECT_TRUE(is_kept(1));
  EXPECT_TRUE(keys.readable(path));
  EXPECT_FALSE(is_kept(1));
}

TEST_F(KeyChannelTest, ManyThatNobodyHasAnyMoreAreForgottenByAndBy) {
  constexpr std::uint64_t many = 1200;
  const auto& keys = open(Other::answers);
  const auto path = dkim_key(mailauth::KeyKind::ed25519);
  std::vector<net::PkeyPtr> held;
  for (std::uint64_t i = 0; i < many; ++i) held.push_back(keys.private_key(path).value());
  held.clear();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(keys.readable(path));
  for (std::uint64_t key = 1; key <= many; ++key) EXPECT_FALSE(is_kept(key)) << key;
  EXPECT_LT(largest_question_, 9000U) << "however many there are";
}

TEST_F(KeyChannelTest, AKeyThatComesTooLateIsForgotten) {
  const auto& keys = open(Other::says_nothing, 50ms);
  const auto path = dkim_key(mailauth::KeyKind::ed25519);
  EXPECT_FALSE(keys.private_key(path));
  answer_late(questions().at(0));
  EXPECT_TRUE(is_kept(1));
  EXPECT_FALSE(keys.readable(path));
  answer_late(questions().at(0));
  EXPECT_FALSE(is_kept(1));
}

TEST_F(KeyChannelTest, AnEndOfTheOtherSideIsNoticedOnce) {
  const auto& keys = open(Other::answers);
  const auto key = signer(keys, dkim_key(mailauth::KeyKind::ed25519));
  end_other_side();
  for (int i = 0; i < 3; ++i) {
    const auto signature = key.sign(std::string(32, 'd'));
    ASSERT_FALSE(signature);
    EXPECT_EQ(signature.error().kind, base::ErrorKind::io);
  }
  EXPECT_EQ(lost_, 1);
  EXPECT_EQ(keys.readable("/x").error().kind, base::ErrorKind::closed);
}

TEST_F(KeyChannelTest, NobodyWaitsForLongForOneThatDoesNotAnswer) {
  const auto& keys = open(Other::says_nothing, 50ms);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(keys.readable("/x").error().kind, base::ErrorKind::timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
  EXPECT_EQ(lost_, 0) << "a file that hangs keeps nobody from signing";
}

TEST_F(KeyChannelTest, WhileAQuestionIsUnansweredOthersFailAtOnce) {
  const auto& keys = open(Other::says_nothing, 50ms);
  const auto path = folder_.write("text", "x");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(keys.readable(path).error().kind, base::ErrorKind::timed_out);
  const auto asked = questions();
  ASSERT_EQ(asked.size(), 1U);
  answer_late(asked.front());
  answer_from_now_on();
  // The machine may stand still for longer than its patience.
  base::Result<std::string> answer;
  do {
    answer = keys.certificates(path);
  } while (!answer && answer.error().kind == base::ErrorKind::timed_out);
  EXPECT_EQ(answer.value(), "") << "and none gets the answer to another";
}

TEST_F(KeyChannelTest, RubbishIsAnsweredAndForgotten) {
  for (const char* rubbish : {"", "x", "\4\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"}) {
    const auto reply = reply_in(server_.answer(rubbish)).value();
    EXPECT_FALSE(reply.result);
  }
}

}  // namespace
}  // namespace godwit::daemon
