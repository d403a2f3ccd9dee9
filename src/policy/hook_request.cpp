// SPDX-License-Identifier: Apache-2.0
#include "hook_request.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/policy/service_name.hpp"

namespace godwit::policy {
namespace {

namespace json = boost::json;

constexpr int protocol_version = 1;

// Whatever clients said, JSON is UTF-8.
json::value json_text(std::string_view said) {
  return json::string(base::to_valid_utf8(said));
}

json::value json_text_or_null(std::string_view said) {
  return said.empty() ? json::value(nullptr) : json_text(said);
}

std::string_view word_of(smtp::BodyType body) {
  switch (body) {
    case smtp::BodyType::eight_bit_mime:
      return "8bitmime";
    case smtp::BodyType::binary_mime:
      return "binarymime";
    case smtp::BodyType::seven_bit:
      break;
  }
  return "7bit";
}

json::object client_of(const Facts& facts) {
  const bool is_program = facts.service == smtp::Service::local;
  json::object client;
  client["address"] = is_program ? json::value(nullptr) : json_text(base::to_string(facts.client));
  client["port"] = facts.client_port == 0 ? json::value(nullptr) : json::value(facts.client_port);
  client["name"] = json_text_or_null(facts.client_name.name);
  client["name_status"] = json_text(to_string(facts.client_name.status));
  client["user"] = json_text_or_null(facts.user);
  client["stranger"] = facts.stranger;
  return client;
}

json::object hello_of(const Facts& facts) {
  json::object hello;
  hello["name"] = json_text(facts.hello.name);
  hello["extended"] = facts.hello.extended;
  return hello;
}

json::value tls_of(const Facts& facts) {
  if (!facts.tls) return nullptr;
  json::object tls;
  tls["version"] = json_text(facts.tls->version);
  tls["cipher"] = json_text(facts.tls->cipher);
  tls["subject"] = json_text_or_null(facts.tls->peer_subject);
  return tls;
}

json::object parameters_of(const Facts& facts) {
  json::object parameters;
  parameters["size"] = facts.parameters.size == 0 ? json::value(nullptr) : json::value(facts.parameters.size);
  parameters["body"] = json_text(word_of(facts.parameters.body));
  parameters["smtputf8"] = facts.parameters.smtputf8;
  return parameters;
}

json::value spf_of(const Facts& facts) {
  if (facts.identity.spf.empty()) return nullptr;
  json::object spf;
  spf["result"] = json_text(facts.identity.spf);
  spf["domain"] = json_text(facts.identity.spf_domain);
  return spf;
}

json::array addresses_in(const std::vector<smtp::Mailbox>& mailboxes) {
  json::array all;
  for (const auto& mailbox : mailboxes) all.push_back(json_text(to_string(mailbox)));
  return all;
}

void add_header(const HttpHookSettings& hook, const Facts& facts, json::object& message) {
  const mail::Header header(facts.header, {.bytes = hook.headers});
  json::array fields;
  for (const auto& field : header.fields()) {
    json::object one;
    one["name"] = json_text(field.name);
    one["value"] = json_text(mail::unfold(field.body));
    fields.push_back(std::move(one));
  }
  message["headers"] = std::move(fields);
  message["headers_cut"] = !header.complete();
}

json::object message_of(const HttpHookSettings& hook, const Facts& facts, const BodyStart* body) {
  json::object message;
  message["id"] = json_text(to_string(facts.id));
  message["size"] = facts.size;
  json::array signers;
  for (const auto& domain : facts.identity.dkim_domains) signers.push_back(json_text(domain));
  message["dkim"] = std::move(signers);
  if (hook.headers > 0) add_header(hook, facts, message);
  if (body == nullptr) return message;
  message["body"] = json_text(base::base64_encode(body->bytes()));
  message["body_cut"] = body->is_cut();
  return message;
}

}  // namespace

void BodyStart::put(std::string_view bytes) {
  if (splitter_.ended()) return take(bytes);
  std::string body;
  cut_ = !splitter_.put(bytes, body);  // else its beginning is not known
  if (!splitter_.ended()) return;
  static_cast<void>(splitter_.take_header());
  take(body);
}

void BodyStart::take(std::string_view body) {
  const auto room = longest_ - bytes_.size();
  cut_ = cut_ || body.size() > room;
  bytes_ += body.substr(0, room);
}

std::string hook_request(const HttpHookSettings& hook, Stage stage, const Facts& facts, const BodyStart* body) {
  json::object request;
  request["version"] = protocol_version;
  request["hook"] = json_text(hook.name);
  request["stage"] = json_text(to_string(stage));
  request["host"] = json_text(facts.hostname);
  request["listener"] = json_text(base::to_string(facts.listener));
  request["service"] = json_text(name_of(facts.service));
  request["client"] = client_of(facts);
  if (stage >= Stage::helo) {
    request["hello"] = hello_of(facts);
    request["tls"] = tls_of(facts);
    request["account"] = json_text_or_null(facts.account);
  }
  if (stage >= Stage::mail) {
    request["sender"] = json_text(smtp::to_string(facts.sender));
    request["parameters"] = parameters_of(facts);
    request["spf"] = spf_of(facts);
    request["vouched"] = facts.vouched;
  }
  if (stage == Stage::rcpt) request["recipient"] = json_text(to_string(facts.recipient));
  if (stage >= Stage::data) request["recipients"] = addresses_in(facts.recipients);
  if (stage == Stage::end) request["message"] = message_of(hook, facts, body);
  return json::serialize(request);
}

}  // namespace godwit::policy
