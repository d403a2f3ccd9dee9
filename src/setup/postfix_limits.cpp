// SPDX-License-Identifier: Apache-2.0
// Numbers: limits of clients, and how delivery and the queue go about.
#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_context.hpp"
#include "postfix_sending.hpp"

namespace godwit::setup::postfix {
namespace {

using Kind = Draft::Kind;

class Numbers {
 public:
  Numbers(Context& context, const View& view) : context_(context), view_(view) {}

  void limits() {
    size("message_size_limit", Section::limits, "message_size", 1024, std::uint64_t{2} << 30U, std::uint64_t{2} << 30U);
    number("smtpd_recipient_limit", Section::limits, "recipients", 1, 100000);
    number("smtpd_client_connection_count_limit", Section::limits, "connections_per_client", 1, 1000000, "1000000");
    rate("smtpd_client_connection_rate_limit", "connection_rate");
    rate("smtpd_client_message_rate_limit", "message_rate");
    rate("smtpd_client_recipient_rate_limit", "recipient_rate");
    rate("smtpd_client_new_tls_session_rate_limit", "handshake_rate");
    number("smtpd_hard_error_limit", Section::limits, "errors", 1, 1000);
    time("smtpd_error_sleep_time", Section::limits, "error_delay", 's', 0, 60, Written::when_set);
    time("smtpd_timeout", Section::limits, "command_timeout", 's', 1, 3600, Written::when_set);
    if (view_.is_set("queue_minfree") && view_.get("queue_minfree") != "0")
      size("queue_minfree", Section::spool, "min_free", 0, std::uint64_t{16} << 40U, 0);
  }

  // What the queue manager does in Postfix.
  void queue() {
    if (view_.is_yes("soft_bounce")) line("soft_bounce: true");
    number("smtp_destination_concurrency_limit", Section::delivery, "connections_per_destination", 1, 10000, "10000");
    retry();
    rate_delay();
  }

  // What the usual transport does.
  void sending() {
    addresses();
    if (view_.is_yes("disable_mime_output_conversion")) line("conversion: never");
    if (view_.is_set("smtp_mx_address_limit"))
      number("smtp_mx_address_limit", Section::delivery, "addresses_per_attempt", 1, 100, "100");
    if (view_.is_set("smtp_mx_session_limit"))
      number("smtp_mx_session_limit", Section::delivery, "hosts_per_attempt", 1, 10, "10");
    if (view_.is_set("smtp_connection_reuse_count_limit"))
      number("smtp_connection_reuse_count_limit", Section::delivery, "messages_per_connection", 1, 100000, "100000");
    timeouts();
  }

 private:
  enum class Written { always, when_set };
  void line(std::string text) { context_.draft.line(Section::delivery, std::move(text)); }

  void refuse(Section section, std::string_view setting) {
    context_.draft.remark(section, Kind::untranslated, view_, setting,
                          "\"" + shown_text(view_.get(setting), 60) + "\" is no such value");
  }

  // Out of Godwit's bounds: the nearest value.
  std::uint64_t within(Section section, std::string_view setting, std::uint64_t value, std::uint64_t least,
                       std::uint64_t most) {
    const auto fit = std::clamp(value, least, most);
    if (fit != value)
      context_.draft.remark(section, Kind::changed, view_, setting,
                            fmt::format("{} is out of Godwit's bounds; {} is taken", value, fit));
    return fit;
  }

  void number(std::string_view setting, Section section, const char* key, std::uint64_t least, std::uint64_t most,
              const char* for_none = nullptr) {
    const auto value = base::parse_unsigned(view_.get(setting));
    if (!value) return refuse(section, setting);
    if (*value == 0 && for_none != nullptr) return context_.draft.line(section, fmt::format("{}: {}", key, for_none));
    context_.draft.line(section, fmt::format("{}: {}", key, within(section, setting, *value, least, most)));
  }

  void size(std::string_view setting, Section section, const char* key, std::uint64_t least, std::uint64_t most,
            std::uint64_t for_none) {
    const auto value = base::parse_unsigned(view_.get(setting));
    if (!value) return refuse(section, setting);
    const auto bytes = *value == 0 ? for_none : within(section, setting, *value, least, most);
    context_.draft.line(section, fmt::format("{}: {}", key, base::format_size(bytes)));
  }

  void rate(std::string_view setting, const char* key) {
    const auto value = base::parse_unsigned(view_.get(setting));
    const auto unit = parse_time(view_.get("anvil_rate_time_unit"), 's');
    if (!value || !unit || *unit == 0) return refuse(Section::limits, setting);
    if (*value > 0) context_.draft.line(Section::limits, fmt::format("{}: {}/{}", key, *value, time_text(*unit)));
  }

  std::optional<std::uint64_t> seconds(std::string_view setting, Section section, char unit, std::uint64_t least,
                                       std::uint64_t most) {
    const auto value = parse_time(view_.get(setting), unit);
    if (!value) return refuse(section, setting), std::nullopt;
    return within(section, setting, *value, least, most);
  }

  void time(std::string_view setting, Section section, const char* key, char unit, std::uint64_t least,
            std::uint64_t most, Written when) {
    if (when == Written::when_set && !view_.is_set(setting)) return;
    if (const auto value = seconds(setting, section, unit, least, most))
      context_.draft.line(section, fmt::format("{}: {}", key, time_text(*value)));
  }

  void retry() {
    constexpr std::uint64_t month = 30ULL * 86400;
    const auto expire = seconds("maximal_queue_lifetime", Section::delivery, 'd', 1, month).value_or(5 * 86400);
    const auto bounces = seconds("bounce_queue_lifetime", Section::delivery, 'd', 1, month).value_or(5 * 86400);
    const auto warn = seconds("delay_warning_time", Section::delivery, 'h', 0, month).value_or(0);
    const auto most =
        std::min(seconds("maximal_backoff_time", Section::delivery, 's', 1, 7ULL * 86400).value_or(4000), expire);
    const auto first = std::min(seconds("minimal_backoff_time", Section::delivery, 's', 1, 86400).value_or(300), most);
    line(fmt::format("retry: {{first: {}, max: {}, expire: {}, warn: {}, bounce_expire: {}}}", time_text(first),
                     time_text(most), time_text(expire), time_text(warn), time_text(std::min(bounces, expire))));
  }

  void timeouts() {
    std::vector<std::string> words;
    const auto add = [&](std::string_view setting, const char* key, std::uint64_t most) {
      if (!view_.is_set(setting)) return;
      if (const auto value = seconds(setting, Section::delivery, 's', 1, most))
        words.push_back(fmt::format("{}: {}", key, time_text(*value)));
    };
    add("smtp_connect_timeout", "connect", 600);
    add("smtp_helo_timeout", "greeting", 3600);
    add("smtp_mail_timeout", "command", 3600);
    add("smtp_data_done_timeout", "data", 3600);
    if (!words.empty()) line(fmt::format("timeouts: {{{}}}", base::join(words, ", ")));
  }

  void addresses() {
    const auto words = source_addresses(context_, view_, Section::delivery);
    if (!words.empty()) line(fmt::format("source_addresses: [{}]", base::join(words, ", ")));
    if (const auto family = address_family(view_)) line("address_family: " + *family);
  }

  // Of all destinations alike.
  void rate_delay() {
    const auto delay = parse_time(view_.get("smtp_destination_rate_delay"), 's');
    if (!delay) return refuse(Section::delivery, "smtp_destination_rate_delay");
    if (*delay > 0)
      context_.draft.remark(Section::delivery, Kind::to_do, view_, "smtp_destination_rate_delay",
                            fmt::format("a pause between messages is a rate of some destinations: shaping: "
                                        "[{{destinations: \"*\", connections: 1, rate: 1/{}}}]",
                                        time_text(*delay)));
  }

  Context& context_;
  const View& view_;
};

}  // namespace

void translate_limits(Context& context) {
  Numbers(context, context.view).limits();
}

void translate_delivery(Context& context) {
  Numbers(context, view_of_usual_transport(context)).sending();
  Numbers(context, context.view).queue();
}

}  // namespace godwit::setup::postfix
