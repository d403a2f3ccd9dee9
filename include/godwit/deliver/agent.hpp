// SPDX-License-Identifier: Apache-2.0
// One delivery attempt: a transaction (a message and some of its recipients) handed to an agent (smtp, maildir, lmtp),
// and what became of each recipient.  Agents run on the reactor that calls them, never block it, and always answer for
// every recipient.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/message_id.hpp"
#include "godwit/base/result.hpp"
#include "godwit/deliver/transcript.hpp"
#include "godwit/mail/dsn.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/mail/failure_class.hpp"
#include "godwit/smtp/client_session.hpp"

namespace godwit::deliver {

// The bytes of the message (the spool's, seen through this interface because deliver does not know the spool).
// Immutable.
class Content {
 public:
  virtual ~Content() = default;
  virtual std::uint64_t size() const = 0;
  // The whole, where it is in memory; else read() gives it piece by piece (0: the end).
  virtual std::optional<std::string_view> view() const = 0;
  virtual boost::asio::awaitable<base::Result<std::size_t>> read(std::uint64_t offset, std::span<char> into) = 0;
};

struct Outcome;

struct Job {
  base::MessageId id;
  smtp::ReversePath sender;
  smtp::BodyType body = smtp::BodyType::seven_bit;
  bool smtputf8 = false;
  bool require_tls = false;  // REQUIRETLS (RFC 8689)
  std::uint8_t ret = 0;      // smtp::Return
  std::string envid;
  std::optional<smtp::DeliverBy> deliver_by{};  // what is left of the time
  std::int8_t priority = 0;
  std::vector<mail::Recipient> recipients;
  // Only over verified TLS, as the hop was found with route::TlsDemand::required.  A report, which is from nobody, goes
  // in any case (RFC 8689 section 5).
  bool needs_tls() const { return require_tls && sender; }
  std::shared_ptr<Content> content;
  bool inquiry = false;                      // only whether the recipients would be taken is asked: without content
  std::shared_ptr<Transcript> transcript{};  // where the agent writes down what happens; null: nowhere
  // Told, in the agent's thread, of a recipient (by index) who got the message while it still goes on with others: they
  // may take long, and what was acknowledged should not wait for them to be recorded (RFC 1047).  Null: nobody.
  std::function<void(std::size_t recipient, const Outcome& outcome)> on_delivered_early{};
};

struct Outcome {
  enum class Kind { delivered, deferred, failed } kind = Kind::deferred;
  smtp::Stage stage = smtp::Stage::connect;
  smtp::Reply reply;    // the peer's, or ours in the peer's form: code, enhanced code and text always set
  bool remote = false;  // the reply is the peer's words
  std::string relay;    // "mx1.example.net[192.0.2.1]:25", "maildir"
  std::string tls;      // "none", "TLSv1.3", "TLSv1.3 verified", "TLSv1.3 dane"
  // What a delivery comes to for a sender who asked for a report of success; nothing: the next host will report.
  std::optional<mail::DsnSuccess> success = mail::DsnSuccess::delivered;
  mail::FailureClass klass = mail::FailureClass::other;  // of what was not delivered; dispatch/ sets it
  bool untimed = false;  // it went to a host that keeps no time to deliver by (RFC 2852)
  bool untried = false;  // a stop came before its turn: deferred, but this was no attempt
};
// One for each recipient of the job, in order.
using Outcomes = std::vector<Outcome>;

}  // namespace godwit::deliver
