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

}  // namespace

Reply greeting(const SessionSettings& settings) {
  return make_reply(220, {}, settings.hostname + " ESMTP Godwit");
}

Reply helo(const SessionSettings& settings) {
  return make_reply(250, {}, settings.hostname);
}

Reply ehlo(const SessionSettings& settings, Offer starttls, const std::string& mechanisms) {
  Reply reply = helo(settings);
  reply.lines.emplace_back("PIPELINING");
  reply.lines.push_back(fmt::format("SIZE {}", settings.message_size));  // 0: no bound (RFC 1870 section 4)
  reply.lines.emplace_back("8BITMIME");
  reply.lines.emplace_back("ENHANCEDSTATUSCODES");
  reply.lines.emplace_back("DSN");
  reply.lines.emplace_back("CHUNKING");
  if (starttls == Offer::made) reply.lines.emplace_back("STARTTLS");
  if (!mechanisms.empty()) reply.lines.push_back("AUTH " + mechanisms);
  return reply;
}

Reply too_many_errors(const SessionSettings& settings) {
  return make_reply(421, {4, 7, 0}, settings.hostname + " Error: too many errors");
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
