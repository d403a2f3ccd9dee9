// SPDX-License-Identifier: Apache-2.0
#include "godwit/dispatch/received_dmarc_reports.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/base/exception_text.hpp"
#include "godwit/base/text.hpp"
#include "spool_content.hpp"

namespace godwit::dispatch {
namespace {

using boost::asio::awaitable;

std::uint64_t messages_of(const mail::DmarcReport& report) {
  std::uint64_t sum = 0;
  for (const auto& row : report.rows) sum += row.count;
  return sum;
}

state::DmarcSums::Report summed(mail::DmarcReport report) {
  state::DmarcSums::Report result{.organization = std::move(report.organization),
                                  .id = std::move(report.id),
                                  .domain = std::move(report.policy.domain),
                                  .begin = report.begin,
                                  .end = report.end,
                                  .rows = {}};
  for (auto& row : report.rows)
    result.rows.push_back({.source = std::move(row.source),
                           .header_from = std::move(row.header_from),
                           .disposition = std::move(row.disposition),
                           .dkim = row.dkim,
                           .spf = row.spf,
                           .count = row.count});
  return result;
}

std::string_view why_not(state::DmarcSums::Taken taken) {
  switch (taken) {
    case state::DmarcSums::Taken::known:
      return "it came before";
    case state::DmarcSums::Taken::too_large:
      return "it has too many rows";
    case state::DmarcSums::Taken::not_of_now:
      return "it is of the future, or of long ago";
    case state::DmarcSums::Taken::yes:
      break;
  }
  return {};
}

}  // namespace

ReceivedDmarcReports::ReceivedDmarcReports(Surroundings surroundings, Configuration configuration)
    : around_(std::move(surroundings)),
      configuration_(std::move(configuration)),
      tasks_(around_.executor, around_.deadlines, [this](const std::exception_ptr& thrown) {
        around_.log.error("task_failed", {{"reason", base::exception_text(thrown)}});
      }) {}

awaitable<void> ReceivedDmarcReports::stop(base::MonoTime deadline) {
  tasks_.close();
  waiting_.clear();
  static_cast<void>(co_await tasks_.wait_empty(deadline));
}

bool ReceivedDmarcReports::is_report(const mail::Envelope& envelope) const {
  const auto is_ours = [&](const std::string& address) {
    return std::ranges::find(configuration_.addresses, base::to_lower(address)) != configuration_.addresses.end();
  };
  return std::ranges::any_of(envelope.recipients, [&](const mail::Recipient& recipient) {
    return is_ours(to_string(recipient.address)) || is_ours(recipient.original);
  });
}

void ReceivedDmarcReports::look_at(const Message& message) {
  if (configuration_.addresses.empty() || tasks_.closed() || !is_report(message->envelope)) return;
  if (waiting_.size() >= most_waiting) return leave_unread(to_string(message->id), "so many wait to be read");
  waiting_.push_back(message);
  if (tasks_.size() < most_at_once) tasks_.spawn(read_waiting());
}

awaitable<void> ReceivedDmarcReports::read_waiting() {
  while (!waiting_.empty()) {
    auto message = std::move(waiting_.front());
    waiting_.pop_front();
    auto reading = read(std::move(message));
    co_await std::move(reading);
  }
}

void ReceivedDmarcReports::leave_unread(const std::string& id, const std::string& why) {
  around_.log.warn("dmarc_report_unread", {{"id", id}, {"reason", why}});
}

awaitable<void> ReceivedDmarcReports::read(Message message) {
  const auto id = to_string(message->id);
  auto reading = beginning(message->body, mail::largest_dmarc_report_mail);
  auto text = co_await std::move(reading);
  auto find = [](const std::string* of) -> awaitable<std::vector<mail::DmarcReportPart>> {
    co_return mail::find_dmarc_reports(*of);
  };
  auto finding = find(&text);
  const auto parts = co_await boost::asio::co_spawn(around_.pool, std::move(finding), boost::asio::use_awaitable);
  if (parts.empty()) leave_unread(id, "there is no report in it");
  // One after the other, so that the memory is that of one.
  for (const auto& part : parts) {
    auto reading_part = read_part(id, part);
    co_await std::move(reading_part);
  }
}

awaitable<void> ReceivedDmarcReports::read_part(std::string id, mail::DmarcReportPart part) {
  auto parse = [](mail::DmarcReportPart of) -> awaitable<base::Result<mail::DmarcReport>> {
    co_return mail::read_dmarc_report(of);
  };
  auto task = parse(std::move(part));
  auto report = co_await boost::asio::co_spawn(around_.pool, std::move(task), boost::asio::use_awaitable);
  if (!report) co_return leave_unread(id, report.error().message);
  auto taking = take(std::move(id), std::move(*report));
  co_await std::move(taking);
}

awaitable<void> ReceivedDmarcReports::take(std::string id, mail::DmarcReport report) {
  const auto domain = report.policy.domain;
  if (!configuration_.is_ours(domain)) co_return leave_unread(id, "it is about " + domain + ", a domain of others");
  const auto organization = report.organization;
  const auto messages = messages_of(report);
  const auto unreadable = report.unreadable;
  auto sum = summed(std::move(report));
  auto adding = around_.sums.add(std::move(sum));
  const auto taken = co_await std::move(adding);
  if (!taken) co_return leave_unread(id, taken.error().message);
  if (*taken != state::DmarcSums::Taken::yes) co_return leave_unread(id, std::string(why_not(*taken)));
  around_.log.info(
      "dmarc_report_received",
      {{"id", id}, {"domain", domain}, {"reporter", organization}, {"count", messages}, {"unreadable", unreadable}});
}

}  // namespace godwit::dispatch
