// SPDX-License-Identifier: Apache-2.0
// Mail that came back: its reports are read beside its delivery, which they neither need nor hold up.
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "dispatcher_implementation.hpp"
#include "godwit/dispatch/received_dmarc_reports.hpp"
#include "returned_mail.hpp"
#include "spool_content.hpp"

namespace godwit::dispatch {
namespace {

// What comes beside so many is delivered unread.
constexpr std::size_t most_reports_read = 16;
constexpr std::string_view complaint = "complaint";

}  // namespace

void Dispatcher::Implementation::look_at(const Message& message) {
  if (around_.dmarc_reports != nullptr) around_.dmarc_reports->look_at(message);
  if (message->envelope.client_address.empty() || !is_returned(message->envelope, *router_)) return;
  if (reports_read_ >= most_reports_read) return around_.log.warn("report_unread", {{"id", to_string(message->id)}});
  ++reports_read_;
  ++running_;
  auto reading = read_returned(message);
  boost::asio::co_spawn(around_.home, std::move(reading),
                        [self = shared_from_this()](const std::exception_ptr& failure) {
                          --self->reports_read_;
                          --self->running_;
                          if (failure) std::rethrow_exception(failure);
                        });
}

boost::asio::awaitable<void> Dispatcher::Implementation::read_returned(Message message) {
  auto reading = beginning(message->body, mail::max_report_bytes);
  const auto text = co_await std::move(reading);
  const auto report = mail::read_report(text);
  if (!report) co_return;
  for (const auto& finding : findings_of(message->envelope, *report, *router_, classifier_)) {
    const auto klass = finding.is_complaint ? complaint : to_string(finding.klass);
    around_.log.info("returned", {{"id", to_string(message->id)},
                                  {"about", "<" + finding.address + ">"},
                                  {"class", klass},
                                  {"final", finding.is_final},
                                  {"reply", finding.reply},
                                  {"reporter", report->reporter}});
    const bool counts = finding.is_complaint || (finding.is_final && is_suppressing(finding.klass));
    if (!settings_.suppress_reported || around_.suppressions == nullptr || !finding.is_proven || !counts) continue;
    suppress(message->id, {.address = finding.address,
                           .klass = std::string(klass),
                           .reason = finding.reply,
                           .source = finding.is_complaint ? std::string(complaint) : "report"});
  }
}

}  // namespace godwit::dispatch
