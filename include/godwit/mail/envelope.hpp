// SPDX-License-Identifier: Apache-2.0
// The envelope of a message (RFC 5321 section 2.3.1) and the state of each recipient, as spool, queue and delivery see
// it.  Pure values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/result.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::mail {

enum class RecipientState : std::uint8_t { waiting = 0, delivered = 1, bounced = 2, expired = 3, deleted = 4 };
std::string_view to_string(RecipientState state);

struct Recipient {
  smtp::Mailbox address{};  // after aliases: where it goes
  std::string original{};   // as given in RCPT, when it differs from address
  std::uint8_t notify = 0;  // smtp::Notify bits
  std::string orcpt{};      // ORCPT, xtext decoded, "rfc822;..."
  RecipientState state = RecipientState::waiting;
  std::string last_reply{};  // of the last attempt, "451 4.3.0 ..."; or our words
  bool warned = false;       // its delay warning went out, though not those of all (Envelope::warned)
  // An alias of several addresses, which are recipients of their own: nothing is delivered to it, but the sender is
  // told that it was expanded (RFC 3461 section 5.2.7.3).
  bool expanded_alias = false;
  // A list brought the message to it ("owner-list" beside "list"): who hears what becomes of it instead of the sender
  // (RFC 5321 section 3.9.2).  With expanded_alias: the alias is such a list.
  smtp::ReversePath owner{};
  bool operator==(const Recipient&) const = default;
};

// What RFC 2852 makes of a message that is not delivered by then.
struct DeliverBy {
  base::WallTime time{};
  smtp::DeliverBy::Mode mode = smtp::DeliverBy::Mode::notify;
  bool trace = false;
  bool operator==(const DeliverBy&) const = default;
};

struct Envelope {
  smtp::ReversePath sender{};
  std::vector<Recipient> recipients{};
  smtp::BodyType body = smtp::BodyType::seven_bit;
  bool smtputf8 = false;     // the header or the sender needs hosts that offer SMTPUTF8 (RFC 6531)
  bool require_tls = false;  // only over verified TLS, to hosts that offer REQUIRETLS (RFC 8689)
  // The header has "TLS-Required: No" (RFC 8689 section 3): to arrive matters more than what the recipient's domain
  // says of TLS.
  bool tls_optional = false;
  std::string envid{};   // RFC 3461, xtext decoded
  std::uint8_t ret = 0;  // smtp::Return
  base::WallTime accepted{};
  std::string client_address{};  // "192.0.2.1", "user:alice" (a program on this machine); empty: our own (bounce)
  std::string client_hello{};
  std::string account{};     // authenticated; empty: none
  std::string protocol{};    // "ESMTPSA"; "local": of a program on this machine
  base::WallTime release{};  // FUTURERELEASE: not tried before (RFC 4865); epoch: at once
  std::optional<DeliverBy> deliver_by{};
  std::int8_t priority = 0;  // MT-PRIORITY (RFC 6710)
  // state that updates change
  std::uint32_t attempts = 0;     // the most of any recipient domain
  base::WallTime next_attempt{};  // earliest of any waiting recipient; epoch: at once
  bool held = false;
  bool warned = false;  // the delay warning went out
  bool operator==(const Envelope&) const = default;

  bool is_bounce() const { return !sender.has_value(); }
  // "required", "optional", or nothing said.
  std::string_view tls_wish() const { return require_tls ? "required" : tls_optional ? "optional" : ""; }
  // Who is to hear what becomes of this recipient.  A report stays one: of it nobody hears.
  const smtp::ReversePath& return_path_of(const Recipient& recipient) const {
    return sender && recipient.owner && !recipient.expanded_alias ? recipient.owner : sender;
  }
  // From when on its age counts.
  base::WallTime tried_since() const { return std::max(accepted, release); }
  // It must be returned, not delivered, for it is too late.
  bool is_too_late(base::WallTime now) const {
    return deliver_by && deliver_by->mode == smtp::DeliverBy::Mode::give_back && now >= deliver_by->time;
  }
};

// What changes at one recipient.
struct RecipientUpdate {
  std::uint32_t index = 0;  // into Envelope::recipients
  RecipientState state = RecipientState::waiting;
  std::string last_reply{};
  bool warned = false;
  bool operator==(const RecipientUpdate&) const = default;
};

// One delivery attempt's effect, or an administrator's.  Later updates win field by field.
struct Update {
  std::vector<RecipientUpdate> recipients{};
  std::optional<std::uint32_t> attempts{};
  std::optional<base::WallTime> next_attempt{};
  std::optional<bool> held{};
  std::optional<bool> warned{};
  bool operator==(const Update&) const = default;
};
void apply(const Update& update, Envelope& envelope);
bool has_waiting(const Envelope& envelope);

// Binary forms for the spool: tag-length-value fields, unknown tags are skipped when read, so that a later version's
// fields do no harm.  Format: docs/spool-format.md.
std::string encode(const Envelope& envelope);
base::Result<Envelope> decode_envelope(std::string_view bytes);
std::string encode(const Update& update);
base::Result<Update> decode_update(std::string_view bytes);

}  // namespace godwit::mail
