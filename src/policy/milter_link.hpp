// SPDX-License-Identifier: Apache-2.0
// A connection to one milter: performs what a MilterDialogue wants, with a deadline on every wait.  After an error it
// is of no more use.  One reactor, one coroutine at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "godwit/base/clock.hpp"
#include "godwit/net/stream.hpp"
#include "milter_dialogue.hpp"

namespace godwit::policy {

// Takes the pieces of a new body as a milter sends them.
class MilterBodyTaker {
 public:
  virtual ~MilterBodyTaker() = default;
  virtual net::Task<> take(std::string_view piece) = 0;
};

class MilterLink {
 public:
  // scratch: the reactor's read buffer.
  MilterLink(std::unique_ptr<net::Stream> stream, net::Network& network, std::span<char> scratch)
      : stream_(std::move(stream)), network_(network), scratch_(scratch) {}

  net::Task<> negotiate(base::MonoTime deadline);

  MilterDialogue& dialogue() { return dialogue_; }
  // Sent with the next question.
  void tell(const MilterDialogue::Step& step) { output_ += step.bytes; }
  // patience: for sending, and for each wait for an answer; a milter that asks for more gets it, but not beyond `end`.
  net::Task<MilterVerdict> ask(MilterDialogue::Step step, base::Duration patience, base::MonoTime end,
                               MilterBodyTaker* body = nullptr);

  // Without waiting: what does not go out at once does not go out.
  void say_goodbye();
  // Whether all that was told could be sent at once, and the milter is still there.
  bool settle();
  void cancel() { stream_->cancel(); }

 private:
  net::Task<> flush(base::MonoTime deadline);
  net::Task<MilterPackets::Packet> receive(base::MonoTime deadline);

  std::unique_ptr<net::Stream> stream_;
  net::Network& network_;
  std::span<char> scratch_;
  MilterDialogue dialogue_;
  MilterPackets packets_;
  std::string output_;
};

}  // namespace godwit::policy
