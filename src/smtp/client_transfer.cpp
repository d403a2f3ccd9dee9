// SPDX-License-Identifier: Apache-2.0
#include "client_transfer.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::smtp {
namespace {

// Commands sent without their replies, at most: neither side's socket buffers may fill while both write (RFC 2920
// section 3.1).
constexpr std::size_t pipelining_window = 64;

// A mailbox is full, or, as RFC 821 wrote it, there are too many recipients for one message: both pass.
constexpr int storage_exceeded = 552, insufficient_storage = 452;
constexpr int closing = 421;

constexpr EnhancedCode message_too_big{5, 3, 4};
constexpr EnhancedCode no_conversion{5, 6, 1};
constexpr EnhancedCode not_representable{5, 6, 7};  // RFC 6531 section 3.5
constexpr EnhancedCode not_capable{5, 3, 3};
constexpr EnhancedCode too_many{4, 5, 3};
constexpr EnhancedCode requiretls_needed{5, 7, 30};  // RFC 8689 section 4.2.1

bool is_one_too_many(const Reply& reply) {
  if (reply.enhanced) return reply.enhanced.subject == too_many.subject && reply.enhanced.detail == too_many.detail;
  return reply.code == insufficient_storage || reply.code == storage_exceeded;
}

bool has_controls(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

ClientTransfer::ClientTransfer(ClientTransaction transaction, const PeerCapabilities& offered, ClientProtocol protocol)
    : transaction_(std::move(transaction)),
      offered_(offered),
      protocol_(protocol),
      results_(transaction_.recipients.size()) {}

// Why nothing of the transaction can be sent to this peer.
std::optional<RecipientResult> ClientTransfer::unsendable() const {
  const auto unable = [](Verdict verdict, EnhancedCode enhanced, std::string why) {
    return RecipientResult{verdict, Stage::mail, {}, std::move(why), enhanced};
  };
  const bool may_convert = transaction_.conversion == ClientTransaction::Conversion::allow;
  if (offered_.size_limit != 0 && transaction_.size > offered_.size_limit)
    return unable(
        Verdict::failed, message_too_big,
        fmt::format("message size {} exceeds the size limit {} of the host", transaction_.size, offered_.size_limit));
  if (const auto sender = unsendable_address(to_string(transaction_.sender)); sender) return sender;
  if (downgraded() && !may_convert)
    return unable(Verdict::lacks, not_representable, "the header needs SMTPUTF8, which this host does not offer");
  if (recoded_to() && !may_convert)
    return unable(Verdict::lacks, no_conversion,
                  fmt::format("the body needs {}, which this host does not offer",
                              transaction_.body == BodyType::binary_mime ? "BINARYMIME" : "8BITMIME"));
  // RFC 2852 section 4.1.2: a host that keeps no time could deliver it too late.  LMTP delivers at once.
  const bool has_deadline = transaction_.deliver_by && transaction_.deliver_by->mode == DeliverBy::Mode::give_back;
  if (has_deadline && !offered_.deliver_by && protocol_ == ClientProtocol::smtp)
    return unable(Verdict::lacks, not_capable,
                  "the message has a time to be delivered by, and this host does not offer DELIVERBY");
  const bool must_be_promised = transaction_.require_tls && transaction_.sender && protocol_ == ClientProtocol::smtp;
  if (must_be_promised && !offered_.require_tls)
    return unable(Verdict::not_here, requiretls_needed, "the message needs REQUIRETLS, which this host does not offer");
  return {};
}

// RFC 3030: a chunk saves the wait for 354, and octets that are no lines go in no other way.  Its size is said before,
// so what is changed on the way goes by DATA.
bool ClientTransfer::uses_bdat() const {
  return offered_.chunking && !recoded_to();
}

std::optional<BodyType> ClientTransfer::recoded_to() const {
  const auto most = offered_.eight_bit_mime ? BodyType::eight_bit_mime : BodyType::seven_bit;
  if (downgraded()) return most;  // RFC 6531 section 3.3: the body may be 8-bit, whatever MAIL said of it
  if (transaction_.body == BodyType::seven_bit) return {};
  if (transaction_.body == BodyType::binary_mime && offered_.binary_mime && offered_.chunking) return {};
  if (transaction_.body == BodyType::binary_mime || most == BodyType::seven_bit) return most;
  return {};
}

std::optional<RecipientResult> ClientTransfer::unsendable_address(const std::string& address) const {
  const auto unable = [&](Verdict verdict, std::string_view why) {
    return RecipientResult{verdict, Stage::rcpt, {}, fmt::format("the address {} {}", address, why), not_representable};
  };
  if (has_controls(address)) return unable(Verdict::failed, "cannot be sent");
  if (offered_.smtputf8 || base::is_ascii(address)) return {};
  return unable(Verdict::lacks, "needs SMTPUTF8, which this host does not offer");
}

void ClientTransfer::plan() {
  smtputf8_ = (transaction_.smtputf8 && offered_.smtputf8) || !base::is_ascii(to_string(transaction_.sender));
  commands_.push_back({Stage::mail});
  const auto most = offered_.most_recipients == 0 ? transaction_.recipients.size() : offered_.most_recipients;
  std::set<std::string> domains;
  const auto has_room_for = [&](const Mailbox& recipient) {
    if (offered_.most_domains == 0) return true;
    auto domain = base::to_lower(recipient.domain);
    if (domains.size() >= offered_.most_domains && !domains.contains(domain)) return false;
    domains.insert(std::move(domain));
    return true;
  };
  for (std::size_t i = 0; i < transaction_.recipients.size(); ++i) {
    const auto address = to_string(transaction_.recipients[i].address);
    if (commands_.size() > most) {  // MAIL is one of them
      decide(i, {Verdict::send_again, Stage::rcpt, {}, "the host takes fewer recipients at once", too_many});
    } else if (const auto unsendable = unsendable_address(address)) {
      decide(i, *unsendable);
    } else if (!has_room_for(transaction_.recipients[i].address)) {
      decide(i, {Verdict::send_again, Stage::rcpt, {}, "the host takes recipients of fewer domains at once", too_many});
    } else {
      commands_.push_back({Stage::rcpt, i});
      smtputf8_ = smtputf8_ || !base::is_ascii(address);
    }
  }
  if (!uses_bdat() && !transaction_.inquiry) commands_.push_back({Stage::data});
}

ClientTransfer::Want ClientTransfer::begin(std::string& out) {
  if (const auto failed = unsendable()) {
    decide_rest(*failed);
    return Want::done;
  }
  plan();
  if (!undecided()) return Want::done;
  fill(out);
  return Want::reply;
}

// Sends what may be sent before further replies.
void ClientTransfer::fill(std::string& out) {
  const std::size_t window = offered_.pipelining ? pipelining_window : 1;
  if (sent_ - answered_ > window / 2) return;  // few large writes rather than many small ones
  while (sent_ < commands_.size() && sent_ - answered_ < window) {
    const Command& command = commands_[sent_];
    const bool all_answered = sent_ == answered_;
    if (mail_refused_ || (command.stage == Stage::data && all_answered && accepted_.empty())) return;
    out += text(command);
    ++sent_;
  }
}

std::string ClientTransfer::text(const Command& command) const {
  if (command.stage == Stage::data) return "DATA\r\n";
  if (command.stage == Stage::rcpt) return rcpt_text(transaction_.recipients[command.recipient]);
  std::string mail = fmt::format("MAIL FROM:<{}>", to_string(transaction_.sender));
  const auto recoded = recoded_to();
  if (offered_.size && !recoded && !transaction_.inquiry)
    mail += fmt::format(" SIZE={}", transaction_.size);  // else nobody knows
  if (!recoded && transaction_.body == BodyType::binary_mime) mail += " BODY=BINARYMIME";
  if (offered_.eight_bit_mime && recoded.value_or(transaction_.body) == BodyType::eight_bit_mime)
    mail += " BODY=8BITMIME";
  if (smtputf8_) mail += " SMTPUTF8";
  // RFC 3461 section 5.2.1: passed on as they came, and only to a host that knows them.
  if (offered_.dsn && transaction_.ret != 0) mail += " RET=" + return_text(transaction_.ret);
  if (offered_.dsn && !transaction_.envid.empty()) mail += " ENVID=" + envid_text(transaction_.envid);
  if (offered_.deliver_by && transaction_.deliver_by) mail += " BY=" + deliver_by_text(*transaction_.deliver_by);
  if (offered_.require_tls && transaction_.require_tls) mail += " REQUIRETLS";
  if (offered_.priority && transaction_.priority != 0) mail += fmt::format(" MT-PRIORITY={}", transaction_.priority);
  return mail + "\r\n";
}

std::string ClientTransfer::rcpt_text(const ClientRecipient& recipient) const {
  std::string rcpt = fmt::format("RCPT TO:<{}>", to_string(recipient.address));
  const auto& [notify, orcpt] = recipient.parameters;
  if (offered_.dsn && notify != 0) rcpt += " NOTIFY=" + notify_text(notify);
  if (const auto text = orcpt_text(orcpt); offered_.dsn && !text.empty()) rcpt += " ORCPT=" + text;
  return rcpt + "\r\n";
}

Stage ClientTransfer::stage() const {
  if (phase_ == Phase::body) return Stage::body;
  if (phase_ == Phase::final_replies) return Stage::final_dot;
  return answered_ < commands_.size() ? commands_[answered_].stage : Stage::data;
}

ClientTransfer::Want ClientTransfer::take(const Reply& reply, std::string& out) {
  if (phase_ == Phase::final_replies) return take_final_reply(reply);
  if (reply.code == closing) return give_up(Verdict::try_next, stage(), reply, "");
  return take_command_reply(reply, out);
}

// RFC 5321 section 4.5.3.1.10: who was one too many is sent the message in the next transaction, as soon as this one
// has somebody to deliver to.
ClientTransfer::Verdict ClientTransfer::verdict_of_refusal(const Command& command, const Reply& reply) const {
  const bool of_rcpt = command.stage == Stage::rcpt;
  if (of_rcpt && is_one_too_many(reply) && !accepted_.empty()) return Verdict::send_again;
  const bool passes = reply.transient() || (of_rcpt && reply.code == storage_exceeded);
  return passes ? Verdict::try_next : Verdict::failed;
}

ClientTransfer::Want ClientTransfer::take_command_reply(const Reply& reply, std::string& out) {
  const Command command = commands_[answered_];
  if (command.stage == Stage::data) return take_data_reply(reply, out);
  const bool taken = reply.positive() && reply.code < 300;
  if (reply.positive() && !taken) return give_up(Verdict::try_next, command.stage, reply, unexpected_reply);
  ++answered_;

  const RecipientResult refusal{verdict_of_refusal(command, reply), command.stage, reply};
  if (command.stage == Stage::mail) {
    mail_accepted_ = taken;
    mail_refused_ = !taken;
    if (!taken) decide_rest(refusal);
  } else if (taken && mail_accepted_ && transaction_.inquiry) {
    decide(command.recipient, {Verdict::delivered, Stage::rcpt, reply});
  } else if (taken && mail_accepted_) {
    accepted_.push_back(command.recipient);
  } else {
    decide(command.recipient, refusal);  // decided already where MAIL was refused
  }
  return go_on(out);
}

ClientTransfer::Want ClientTransfer::take_data_reply(const Reply& reply, std::string& out) {
  if (reply.positive() && reply.code < 300) return give_up(Verdict::try_next, Stage::data, reply, unexpected_reply);
  ++answered_;
  if (!reply.positive()) {
    decide_rest({reply.transient() ? Verdict::try_next : Verdict::failed, Stage::data, reply});
    return go_on(out);
  }
  if (!accepted_.empty()) {
    phase_ = Phase::body;
    return Want::body;
  }
  // RFC 2920 section 3.1: DATA was pipelined and taken though no recipient was; an empty message ends it.
  if (protocol_ == ClientProtocol::lmtp)  // which answers such a dot with nothing
    return give_up(Verdict::try_next, Stage::data, reply, unexpected_reply);
  out += ".\r\n";
  return Want::ignore;
}

ClientTransfer::Want ClientTransfer::take_final_reply(const Reply& reply) {
  const bool early = std::exchange(early_, false);
  if (reply.code == closing) return give_up(Verdict::retry_later, Stage::final_dot, reply, "");
  // A 2yz that came before the dot cannot be the answer to it; to believe it could lose the message.
  if (reply.positive() && (early || reply.code >= 300))
    return give_up(Verdict::retry_later, Stage::final_dot, reply, unexpected_reply);
  const Verdict verdict = reply.positive()    ? Verdict::delivered
                          : reply.transient() ? Verdict::retry_later
                                              : Verdict::failed;
  const RecipientResult result{verdict, Stage::final_dot, reply};
  if (protocol_ == ClientProtocol::smtp) {
    decide_rest(result);
    return Want::done;
  }
  decide(accepted_[final_replies_++], result);  // RFC 2033 section 4.2: one reply for each recipient taken
  return final_replies_ < accepted_.size() ? Want::reply : Want::done;
}

ClientTransfer::Want ClientTransfer::go_on(std::string& out) {
  fill(out);
  if (answered_ < sent_) return Want::reply;
  if (uses_bdat() && answered_ == commands_.size() && !accepted_.empty()) {
    out += fmt::format("BDAT {} LAST\r\n", transaction_.size);
    phase_ = Phase::body;
    return Want::body;
  }
  return mail_accepted_ ? Want::reset : Want::done;
}

ClientTransfer::Want ClientTransfer::give_up(Verdict verdict, Stage stage, const Reply& reply, std::string_view why) {
  cause_ = {verdict, stage, reply, std::string(why)};
  decide_rest(cause_);
  return Want::broken;
}

void ClientTransfer::body_sent(bool early) {
  phase_ = Phase::final_replies;
  early_ = early;
}

void ClientTransfer::lost(std::string_view why) {
  const bool ambiguous = phase_ == Phase::final_replies;  // RFC 1047: the peer may have taken it
  cause_ = {ambiguous ? Verdict::retry_later : Verdict::try_next, stage(), {}, std::string(why)};
  if (ambiguous) cause_.why += " after the whole message was sent: it may have arrived, and may arrive twice";
  decide_rest(cause_);
}

void ClientTransfer::abandoned(std::string_view why) {
  cause_ = {Verdict::retry_later, stage(), {}, std::string(why)};
  decide_rest(cause_);
}

void ClientTransfer::unfit(std::string_view why) {
  cause_ = {Verdict::failed, stage(), {}, std::string(why), no_conversion};
  decide_rest(cause_);
}

void ClientTransfer::refused_in_body(const Reply& reply) {
  cause_ = {reply.permanent() ? Verdict::failed : Verdict::try_next, Stage::body, reply};
  decide_rest(cause_);
}

void ClientTransfer::decide(std::size_t recipient, const RecipientResult& result) {
  if (!results_[recipient]) results_[recipient] = result;
}

void ClientTransfer::decide_rest(const RecipientResult& result) {
  for (std::size_t i = 0; i < results_.size(); ++i) decide(i, result);
}

bool ClientTransfer::undecided() const {
  return std::ranges::any_of(results_, [](const auto& result) { return !result.has_value(); });
}

std::vector<RecipientResult> ClientTransfer::results() const {
  std::vector<RecipientResult> results;
  results.reserve(results_.size());
  for (const auto& result : results_) results.push_back(result.value_or(RecipientResult{}));
  return results;
}

}  // namespace godwit::smtp
