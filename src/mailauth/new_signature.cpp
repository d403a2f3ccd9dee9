// SPDX-License-Identifier: Apache-2.0
#include "new_signature.hpp"

#include <array>
#include <chrono>

#include <fmt/format.h>

#include "godwit/base/encoding.hpp"
#include "signature.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::size_t most_of_one = 16;  // of one name; a message with more of them is nobody's mail
constexpr std::size_t line = 72;

// always: also that there is none; present: one more than there are, where there are any.
enum class Again { always, present, never };
struct Usual {
  std::string_view name;
  Again again;
};
constexpr std::array<Usual, 24> usual{{{"from", Again::always},
                                       {"sender", Again::present},
                                       {"reply-to", Again::always},
                                       {"subject", Again::always},
                                       {"date", Again::always},
                                       {"message-id", Again::present},
                                       {"to", Again::always},
                                       {"cc", Again::always},
                                       {"mime-version", Again::present},
                                       {"content-type", Again::always},
                                       {"content-transfer-encoding", Again::always},
                                       {"in-reply-to", Again::always},
                                       {"references", Again::always},
                                       {"resent-from", Again::never},
                                       {"resent-date", Again::never},
                                       {"resent-to", Again::never},
                                       {"list-id", Again::present},
                                       {"list-help", Again::present},
                                       {"list-unsubscribe", Again::present},
                                       {"list-unsubscribe-post", Again::present},
                                       {"list-subscribe", Again::present},
                                       {"list-post", Again::present},
                                       {"list-owner", Again::present},
                                       {"list-archive", Again::present}}};

std::string folded_names(const std::vector<std::string>& names) {
  std::string text;
  std::size_t width = 3;
  for (const auto& name : names) {
    if (!text.empty()) {
      text += ':';
      ++width;
    }
    if (width + name.size() > line) {
      text += "\r\n  ";
      width = 2;
    }
    text += name;
    width += name.size();
  }
  return text;
}

}  // namespace

std::string signature_algorithm(const Key& key) {
  return std::string(to_string(key.kind())) + "-sha256";
}

std::vector<std::string> fields_to_sign(const mail::Header& header) {
  std::vector<std::string> names;
  for (const auto& [name, again] : usual) {
    const auto there = header.count(name);
    if (there > most_of_one) continue;
    const bool once_more = again == Again::always || (again == Again::present && there > 0);
    names.insert(names.end(), there + (once_more ? 1 : 0), std::string(name));
  }
  return names;
}

std::string folded_base64(std::string_view bytes) {
  const auto text = base::base64_encode(bytes);
  std::string folded;
  for (std::size_t at = 0; at < text.size(); at += line) folded += "\r\n " + text.substr(at, line);
  return folded;
}

base::Result<std::string> sign_message(const MessageDigest& message, const NewSignature& wanted, const Key& key,
                                       base::WallTime now) {
  const auto hash = message.body_hash({.form = wanted.body_form});
  if (!hash) return base::fail(base::ErrorKind::invalid, "the body was not hashed");
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const auto name_and_colon = fmt::format("{}:", wanted.name);
  auto body = fmt::format(" {} t={};\r\n h={};\r\n bh={};\r\n b=", wanted.tags, seconds, folded_names(wanted.fields),
                          base::base64_encode(*hash));
  const auto raw = name_and_colon + body + "\r\n";
  Signature signature;
  signature.field = {.name = wanted.name, .body = body, .raw = raw};
  signature.header_form = wanted.header_form;
  signature.fields = wanted.fields;
  signature.value_begin = signature.value_end = body.size();
  auto bytes = key.sign(signed_digest(message.header().fields(), signature));
  if (!bytes) return bytes;
  return name_and_colon + body + folded_base64(*bytes) + "\r\n";
}

}  // namespace godwit::mailauth
