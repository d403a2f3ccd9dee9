// SPDX-License-Identifier: Apache-2.0
// The steps of an Ordering, in their order.
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "certificate_request.hpp"
#include "godwit/base/base64url.hpp"
#include "godwit/base/text.hpp"
#include "jws.hpp"
#include "ordering.hpp"

namespace godwit::acme {
namespace {

namespace json = boost::json;

json::array contacts(const Settings& settings) {
  json::array list;
  for (const auto& address : settings.contact) list.emplace_back("mailto:" + address);
  return list;
}

std::string order_for(const std::vector<std::string>& names) {
  json::array identifiers;
  for (const auto& name : names) identifiers.emplace_back(json::object{{"type", "dns"}, {"value", name}});
  return json::serialize(json::object{{"identifiers", std::move(identifiers)}});
}

}  // namespace

template <class T>
bool Ordering::failed(const base::Result<T>& parsed) {
  if (!parsed) fail(parsed.error().message);
  return !parsed;
}

void Ordering::directory(Heard answer) {
  auto found = parse_directory(answer.body);
  if (failed(found)) return;
  directory_ = std::move(*found);
  account_or_order();
}

// ---- account (section 7.3)
// --------------------------------------------------------------------------------------------

void Ordering::account_or_order() {
  if (terms_.account_url.empty()) return make_account();
  if (terms_.is_contact_told) return make_order();
  post(terms_.account_url, json::serialize(json::object{{"contact", contacts(terms_.settings)}}), &Ordering::contact);
}

// An account that this key has already is what the authority answers with.
void Ordering::make_account() {
  const auto& settings = terms_.settings;
  if (directory_.wants_external_account && settings.external_key_id.empty())
    return fail("this authority serves only who has an account with it: set tls.acme.external_account");
  json::object wish{{"termsOfServiceAgreed", settings.terms_of_service_agreed}};
  if (!settings.contact.empty()) wish["contact"] = contacts(settings);
  if (!settings.external_key_id.empty())
    wish["externalAccountBinding"] = json::parse(
        external_binding(account_key_, settings.external_key_id, terms_.external_secret, directory_.new_account));
  post(directory_.new_account, json::serialize(wish), &Ordering::account);
}

void Ordering::account(Heard answer) {
  if (!is_https(answer.location)) return fail("the authority does not say where the account is");
  terms_.account_url = answer.location;
  is_account_made_ = true;
  actions_.emplace_back(action::KeepAccount{terms_.account_url});
  make_order();
}

void Ordering::contact(Heard) {
  actions_.emplace_back(action::KeepAccount{terms_.account_url});
  make_order();
}

// ---- order (section 7.4)
// ----------------------------------------------------------------------------------------------

void Ordering::make_order() {
  is_resumed_ = !terms_.order_url.empty();
  if (is_resumed_) {
    order_url_ = std::exchange(terms_.order_url, {});
    return look_at_order();
  }
  authorizations_.clear();
  is_claimed_ = is_finalized_ = false;
  looks_ = 0;
  post(directory_.new_order, order_for(terms_.settings.names), &Ordering::new_order);
}

void Ordering::new_order(Heard answer) {
  if (!is_https(answer.location)) return fail("the authority does not say where the order is");
  order_url_ = answer.location;
  actions_.emplace_back(action::KeepOrder{order_url_});
  order(answer);
}

void Ordering::order(Heard answer) {
  const auto found = parse_order(answer.body);
  if (failed(found)) return;
  const auto& status = found->status;
  if (status == "pending" && authorizations_.empty()) {
    authorizations_ = found->authorizations;
    at_ = 0;
    return look_at_authorization();
  }
  if (status == "ready" && !is_finalized_) return finalize(*found);
  if (status == "valid" && !found->certificate.empty())
    return post(found->certificate, {}, &Ordering::chain, "application/pem-certificate-chain");
  if (status == "pending" || status == "ready" || status == "processing" || status == "valid")
    return wait(answer, &Ordering::look_at_order);
  if (is_resumed_) return make_order();
  fail("the order came to nothing: " +
       (found->problem ? found->problem->text : "it is " + base::printable(status, 40)));
}

void Ordering::finalize(const Order& order) {
  const auto request = make_certificate_request(certificate_key_, terms_.settings.names);
  if (failed(request)) return;
  is_finalized_ = true;
  looks_ = 0;
  post(order.finalize, json::serialize(json::object{{"csr", base::base64url_encode(*request)}}), &Ordering::order);
}

void Ordering::chain(Heard answer) {
  auto checked = checked_chain(answer.body, certificate_key_, terms_.settings.names, now_);
  // An order from before may be of a key that is lost, or have given what is there already.
  if (is_resumed_ && (!checked || terms_.present.starts_with(*checked))) return make_order();
  if (failed(checked)) return;
  actions_.emplace_back(action::Obtained{std::move(*checked)});
}

// ---- authorizations (section 7.5)
// -------------------------------------------------------------------------------------

void Ordering::authorization(Heard answer) {
  const auto found = parse_authorization(answer.body);
  if (failed(found)) return;
  if (found->status == "valid") return next_authorization();
  if (found->status == "pending" && !is_claimed_) return meet(*found);
  if (found->status == "pending") return wait(answer, &Ordering::look_at_authorization);
  if (is_resumed_) {
    withdraw();
    return make_order();
  }
  std::string why = "the authorization is " + base::printable(found->status, 40);
  for (const auto& challenge : found->challenges)
    if (challenge.problem && challenge.type == to_string(terms_.settings.challenge)) why = challenge.problem->text;
  fail(fmt::format("{} ({}): {}", base::printable(found->name, 255), to_string(terms_.settings.challenge), why));
}

void Ordering::meet(const Authorization& authorization) {
  const auto kind = terms_.settings.challenge;
  const auto& names = terms_.settings.names;
  if (std::ranges::find(names, authorization.name) == names.end())
    return fail(
        fmt::format("the authority asks about {}, which was not ordered", base::printable(authorization.name, 255)));
  const auto offered = std::ranges::find(authorization.challenges, to_string(kind), &Challenge::type);
  if (offered == authorization.challenges.end())
    return fail(fmt::format("the authority offers no {} for {}", to_string(kind), authorization.name));
  challenge_ = *offered;
  is_published_ = true;
  actions_.emplace_back(action::Publish{.kind = kind,
                                        .name = authorization.name,
                                        .token = challenge_.token,
                                        .key_authorization = key_authorization(account_key_, challenge_.token)});
}

void Ordering::challenge(Heard answer) {
  looks_ = 0;
  wait(answer, &Ordering::look_at_authorization);
}

void Ordering::next_authorization() {
  withdraw();
  is_claimed_ = false;
  looks_ = 0;
  if (++at_ < authorizations_.size()) return look_at_authorization();
  look_at_order();
}

}  // namespace godwit::acme
