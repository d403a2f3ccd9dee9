// SPDX-License-Identifier: Apache-2.0
#include "replies.hpp"

#include <utility>

#include <fmt/format.h>

namespace godwit::smtp::replies {
namespace {

const FixedReply& usual_refusal(event::RefusedWhy why) {
  switch (why) {
    case event::RefusedWhy::full:
      return spool_full;
    case event::RefusedWhy::too_large:
      return too_large;
    case event::RefusedWhy::not_canonical:
      return not_canonical;
    case event::RefusedWhy::policy:
      return refused_by_policy;
    case event::RefusedWhy::unhealthy:
    case event::RefusedWhy::back_pressure:
      break;
  }
  return spool_busy;
}

// RFC 4865 section 4: the longest interval, and the last moment.
std::string future_release(const SessionSettings& settings) {
  const auto longest = std::chrono::floor<std::chrono::seconds>(settings.longest_hold).count();
  return fmt::format("FUTURERELEASE {} {}", longest, base::format_rfc3339(settings.hold_until));
}

// RFC 9422.
std::string limits(const SessionSettings& settings) {
  std::string line = "LIMITS";
  if (settings.messages > 0) line += fmt::format(" MAILMAX={}", settings.messages);
  line += fmt::format(" RCPTMAX={}", settings.recipients);
  if (settings.recipient_domains > 0) line += fmt::format(" RCPTDOMAINMAX={}", settings.recipient_domains);
  return line;
}

}  // namespace

Reply greeting(const SessionSettings& settings) {
  return make_reply(220, {}, settings.hostname + " ESMTP Godwit");
}

Reply helo(const SessionSettings& settings) {
  return make_reply(250, {}, settings.hostname);
}

Reply ehlo(const SessionSettings& settings, const Offers& offers) {
  Reply reply = helo(settings);
  auto& lines = reply.lines;
  lines.emplace_back("PIPELINING");
  lines.push_back(fmt::format("SIZE {}", settings.message_size));  // 0: no bound (RFC 1870 section 4)
  lines.insert(lines.end(),
               {"8BITMIME", "ENHANCEDSTATUSCODES", "DSN", "CHUNKING", "BINARYMIME", "SMTPUTF8", "DELIVERBY"});
  lines.push_back(limits(settings));
  if (offers.mail.future_release) lines.push_back(future_release(settings));
  if (offers.vrfy) lines.emplace_back("VRFY");
  if (offers.expn) lines.emplace_back("EXPN");  // RFC 5321 section 3.5.2: it must be listed
  if (offers.etrn) lines.emplace_back("ETRN");
  if (offers.xclient) lines.emplace_back("XCLIENT NAME ADDR PROTO HELO LOGIN");
  if (offers.mail.require_tls) lines.emplace_back("REQUIRETLS");
  if (offers.mail.priority) lines.emplace_back("MT-PRIORITY");
  if (offers.starttls) lines.emplace_back("STARTTLS");
  if (!offers.mechanisms.empty()) lines.push_back("AUTH " + offers.mechanisms);
  return reply;
}

Reply too_many_errors(const SessionSettings& settings) {
  return make_reply(421, {4, 7, 0}, settings.hostname + " Error: too many errors");
}

Reply too_many_messages(const SessionSettings& settings) {
  return make_reply(421, {4, 7, 0}, settings.hostname + " Error: too many messages in one connection");
}

Reply only_newlines(const SessionSettings& settings) {
  return make_reply(421, {4, 5, 2},
                    settings.hostname + " Error: your lines end in <LF> alone, so none of them can be read");
}

Reply timed_out(const SessionSettings& settings) {
  return make_reply(421, {4, 4, 2}, settings.hostname + " Error: timeout exceeded");
}

Reply stopping(const SessionSettings& settings) {
  return make_reply(421, {4, 3, 2}, settings.hostname + " Service shutting down");
}

Reply chunk_taken(std::uint64_t octets) {
  return make_reply(250, {2, 0, 0}, fmt::format("{} octets received", octets));
}

Reply queued(base::MessageId id) {
  return make_reply(250, {2, 0, 0}, "Ok: queued as " + base::to_string(id));
}

Reply refused(const event::Refused& refused) {
  return refused.reply ? *refused.reply : make_reply(usual_refusal(refused.why));
}

}  // namespace godwit::smtp::replies
