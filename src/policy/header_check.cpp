// SPDX-License-Identifier: Apache-2.0
#include "header_check.hpp"

#include <array>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/mail/address_list.hpp"
#include "godwit/mail/header.hpp"

namespace godwit::policy {
namespace {

// RFC 5322 section 3.6: at most once.
constexpr std::array<std::string_view, 11> at_most_once{
    "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Date", "Message-ID", "Subject", "In-Reply-To", "References"};

bool is_empty(const mail::HeaderField& field) {
  return base::trim(field.body).empty();
}

class HeaderCheck final : public Check {
 public:
  explicit HeaderCheck(const HeaderSettings& settings) : settings_(settings) {}

  bool is_asked_at(Stage stage) const override { return stage == Stage::end; }

  boost::asio::awaitable<Verdict> ask(Stage, std::shared_ptr<const Facts> facts) override {
    // Old devices in our own networks send what they can.
    if (!facts->stranger && facts->service == smtp::Service::mx) co_return no_opinion();
    co_return judged(header_faults(facts->header, settings_), {5, 6, 0});
  }

 private:
  const HeaderSettings settings_;
};

// RFC 5322 sets no bound; what is beyond any sensible one only wears readers out.
void add_excess(std::string_view header, const mail::Header& fields, const HeaderSettings& settings,
                std::vector<Fault>& faults) {
  const auto size = fields.complete() ? fields.text().size() : header.size();
  if (settings.most_bytes != 0 && size > settings.most_bytes)
    faults.push_back(
        {.action = settings.too_large, .text = fmt::format("The header has more than {} bytes", settings.most_bytes)});
  if (settings.most_fields != 0 && fields.fields().size() > settings.most_fields)
    faults.push_back({.action = settings.too_large,
                      .text = fmt::format("The header has more than {} fields", settings.most_fields)});
}

}  // namespace

std::vector<Fault> header_faults(std::string_view header, const HeaderSettings& settings) {
  std::vector<Fault> faults;
  const mail::Header fields(header);
  const auto found = [&](CheckAction action, std::string_view text) {
    if (action != CheckAction::none) faults.push_back({.action = action, .text = fmt::format("{} (RFC 5322)", text)});
  };
  const auto from = fields.find("From");
  if (!from || is_empty(*from)) found(settings.missing_from, "The message has no From");
  const auto date = fields.find("Date");
  if (!date || is_empty(*date)) found(settings.missing_date, "The message has no Date");
  if (!fields.find("Message-ID")) found(settings.missing_message_id, "The message has no Message-ID");
  for (const auto name : at_most_once)
    if (fields.count(name) > 1) found(settings.repeated, fmt::format("The message has several fields {}", name));
  if (settings.most_received != 0 && fields.count("Received") > settings.most_received)
    found(settings.too_many_received,
          fmt::format("The message has more than {} fields Received", settings.most_received));
  if (settings.too_large != CheckAction::none) add_excess(header, fields, settings, faults);
  return faults;
}

CheckEntry header_entry(const Settings& settings, const CheckStores&) {
  return {.only_strangers = false, .make = [settings = settings.header](const CheckSurroundings&) {
            return std::make_shared<HeaderCheck>(settings);
          }};
}

}  // namespace godwit::policy
