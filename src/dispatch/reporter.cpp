// SPDX-License-Identifier: Apache-2.0
#include "reporter.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include "godwit/mail/dmarc_report.hpp"
#include "godwit/mail/tls_report.hpp"
#include "own_message.hpp"
#include "own_signatures.hpp"
#include "spool_content.hpp"

namespace godwit::dispatch {
namespace {

// Envelope::protocol of reports, which tells a report from a report about one.
constexpr std::string_view bounce_protocol = "bounce";
constexpr std::string_view double_bounce_protocol = "double-bounce";

// The owner of a list did not send the message, and asked for nothing.  Without the recipients, who may be many.
mail::Envelope as_told_to_owner(const mail::Envelope& original) {
  mail::Envelope told;
  told.body = original.body;
  told.smtputf8 = original.smtputf8;
  told.require_tls = original.require_tls;
  told.accepted = original.accepted;
  return told;
}

std::span<const mail::DsnRecipient> part_of(std::span<const mail::DsnRecipient> all, std::size_t number) {
  const auto from = (number - 1) * mail::most_in_a_report;
  return all.subspan(from, std::min(mail::most_in_a_report, all.size() - from));
}

}  // namespace

boost::asio::awaitable<base::Result<std::optional<Reporter::Destination>>> Reporter::destination(
    smtp::ReversePath return_path, mail::DsnKind kind, const mail::Envelope& original,
    const route::Router& router) const {
  std::optional<Destination> to;
  if (return_path) {
    // A sender of ours who does not exist (any more) cannot be told; the postmaster can.
    auto expanding = router.expand(*return_path);
    const auto expansion = co_await std::move(expanding);
    if (!expansion.outage.empty()) co_return base::fail(base::ErrorKind::io, expansion.outage);
    if (!expansion.refusal) to = Destination{.address = std::move(*return_path), .double_bounce = false};
  }
  // Only losses concern the postmaster.  Where none is configured, or one who does not exist, this address is held like
  // other mail for him.
  const bool about_report = original.protocol == double_bounce_protocol || original.protocol == notice_protocol ||
                            original.protocol == mail::tls_report_protocol ||
                            original.protocol == mail::dmarc_report_protocol;
  if (!to && kind == mail::DsnKind::failure && !about_report)
    to = Destination{.address = {"postmaster", hostname_}, .double_bounce = true};
  co_return to;
}

boost::asio::awaitable<std::vector<std::uint32_t>> Reporter::report(
    mail::DsnKind kind, std::shared_ptr<const spool::StoredMessage> original,
    std::vector<mail::DsnRecipient> recipients, std::shared_ptr<const route::Router> router,
    base::WallTime retry_until) {
  std::map<smtp::ReversePath, std::vector<mail::DsnRecipient>> by_return_path;
  for (auto& recipient : recipients)
    by_return_path[original->envelope.return_path_of(recipient.recipient)].push_back(std::move(recipient));
  std::vector<std::uint32_t> untold;
  for (auto& [return_path, all] : by_return_path) {
    const auto of = (all.size() + mail::most_in_a_report - 1) / mail::most_in_a_report;
    bool told = true;
    for (std::size_t number = 1; number <= of; ++number) {
      const auto some = part_of(all, number);
      // Where one could not be stored, the next would not be either.
      if (told) {
        Part part{.recipients = {some.begin(), some.end()}, .number = number, .of = of};
        auto telling = report_to(return_path, kind, original, std::move(part), router, retry_until);
        told = co_await std::move(telling);
      }
      if (!told) std::ranges::transform(some, std::back_inserter(untold), &mail::DsnRecipient::index);
    }
  }
  std::ranges::sort(untold);
  co_return untold;
}

boost::asio::awaitable<bool> Reporter::report_to(smtp::ReversePath return_path, mail::DsnKind kind,
                                                 std::shared_ptr<const spool::StoredMessage> original, Part part,
                                                 std::shared_ptr<const route::Router> router,
                                                 base::WallTime retry_until) {
  const auto original_id = to_string(original->id);
  // One of failure or delay is tried again with the next attempt.
  const std::string_view put_off = kind == mail::DsnKind::success ? "report_dropped" : "report_deferred";
  auto choosing = destination(return_path, kind, original->envelope, *router);
  const auto chosen = co_await std::move(choosing);
  if (!chosen) {
    around_.log.warn(put_off, {{"id", original_id}, {"reason", chosen.error().message}});
    co_return false;
  }
  const auto& to = *chosen;
  if (!to) {
    around_.log.warn(
        "report_dropped",
        {{"id", original_id},
         {"kind", to_string(kind)},
         {"reason", "nobody can be told: a report to the postmaster or a notice failed, or nobody asked"}});
    co_return true;
  }
  auto expanding = router->expand(to->address);
  auto expansion = co_await std::move(expanding);
  if (!expansion.outage.empty()) {
    around_.log.warn(put_off, {{"id", original_id}, {"reason", expansion.outage}});
    co_return false;
  }
  auto reading = beginning(original->body, mail::max_returned);
  const auto text = co_await std::move(reading);
  const auto now = around_.clock.wall();
  mail::DsnRequest request;
  request.kind = kind;
  request.hostname = hostname_;
  request.to = to->address;
  request.original_id = original->id;
  const auto told_to_owner = as_told_to_owner(original->envelope);
  request.original = return_path == original->envelope.sender ? &original->envelope : &told_to_owner;
  request.message = text;
  request.message_size = original->body->size();
  request.recipients = std::move(part.recipients);
  request.number = part.number;
  request.of = part.of;
  request.now = now;
  request.retry_until = retry_until;
  auto dsn = mail::compose_dsn(request, around_.random);
  const auto signers = around_.signers ? around_.signers() : nullptr;
  const auto signatures = own_signatures(dsn.message, signers.get(), now);
  if (!signatures) {
    around_.log.error(put_off, {{"id", original_id}, {"reason", signatures.error().message}});
    co_return false;
  }

  auto incoming = around_.spool.begin(dsn.message.size());
  if (!incoming) {
    around_.log.error(put_off, {{"id", original_id}, {"reason", incoming.error().detail}});
    co_return false;
  }
  const auto id = (*incoming)->id();
  const auto trace = mail::received_field({.hello = {},
                                           .client_name = {},
                                           .client_address = {},
                                           .hostname = hostname_,
                                           .protocol = std::string(internal_protocol),
                                           .id = id,
                                           .tls_version = {},
                                           .tls_cipher = {},
                                           .recipient = {},
                                           .time = now});
  mail::Envelope envelope;
  envelope.body = dsn.body;
  envelope.smtputf8 = dsn.smtputf8;
  envelope.require_tls = original->envelope.require_tls;  // RFC 8689 section 5: protected as the message was
  envelope.accepted = now;
  envelope.protocol = to->double_bounce ? double_bounce_protocol : bounce_protocol;
  envelope.recipients = std::move(expansion.recipients);
  auto written = co_await (*incoming)->write(trace + *signatures + dsn.message);
  spool::Accepted<base::MessageId> committed = std::unexpected(spool::Refused{});
  if (written)
    committed = co_await (*incoming)->commit(std::move(envelope));
  else
    committed = std::unexpected(written.error());
  if (!committed) {
    around_.log.error(put_off, {{"id", original_id}, {"reason", committed.error().detail}});
    co_return false;
  }
  around_.log.info("report", {{"id", to_string(id)},
                              {"about", original_id},
                              {"to", "<" + to_string(to->address) + ">"},
                              {"kind", to_string(kind)}});
  co_return true;
}

}  // namespace godwit::dispatch
