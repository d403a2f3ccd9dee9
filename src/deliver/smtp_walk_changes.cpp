// SPDX-License-Identifier: Apache-2.0
// What is done where no host takes the message as it is.
#include <utility>

#include <fmt/format.h>

#include "content_facts.hpp"
#include "godwit/mail/header_downgrade.hpp"
#include "smtp_walk.hpp"

namespace godwit::deliver {
namespace {

constexpr smtp::EnhancedCode change_prohibited{5, 6, 2};  // RFC 3463: conversion required and prohibited
constexpr smtp::EnhancedCode not_representable{5, 6, 7};  // RFC 6531 section 3.5

}  // namespace

// No host takes the message as it is: those that could be asked get it as they take it.
boost::asio::awaitable<void> SmtpAgent::Walk::try_changed() {
  const bool allowed = co_await allow_change();
  if (!allowed) co_return;
  conversion_ = smtp::ClientTransaction::Conversion::allow;
  const auto places = std::exchange(lacking_, {});
  for (const auto& place : places) {
    book_.next_host();
    if (book_.finished()) break;
    Addresses one = {place.address};
    co_await try_host(*place.host, std::move(one));
  }
}

boost::asio::awaitable<bool> SmtpAgent::Walk::allow_change() {
  if (job_.body == smtp::BodyType::eight_bit_mime && !job_.smtputf8) {
    const auto plain = co_await is_ascii(*job_.content);
    if (plain && *plain) {  // nothing has to be changed
      job_.body = smtp::BodyType::seven_bit;
      co_return true;
    }
  }
  const auto header = co_await read_header(*job_.content);
  if (!header) {
    book_.note_host(smtp::Stage::body, header.error().message, "none");
    co_return false;
  }
  const bool is_signed = settings_.conversion == Conversion::unless_signed && mail::is_signed(*header);
  if (is_signed || settings_.conversion == Conversion::never) {
    book_.note_unchangeable(change_prohibited,
                            fmt::format("No host takes the message as it is, and {}",
                                        is_signed ? "a change would break its signature" : "it must not be changed"));
    co_return false;
  }
  if (!job_.smtputf8) co_return true;
  const auto downgraded = mail::downgraded_header(*header);
  if (!downgraded)
    book_.note_unchangeable(not_representable,
                            fmt::format("No host offers SMTPUTF8, and {}", downgraded.error().message));
  co_return downgraded.has_value();
}

}  // namespace godwit::deliver
