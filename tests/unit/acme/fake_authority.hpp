// SPDX-License-Identifier: Apache-2.0
// An authority in memory: verifies what it is sent (signature, nonce, URL, key or account), keeps an account, an order
// and its authorizations, issues certificates.  What it does wrong a test sets.
#pragma once

#include <ctime>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "acme/jws.hpp"
#include "acme/ordering.hpp"
#include "godwit/base/base64url.hpp"

#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace godwit::acme {

class FakeAuthority {
 public:
  explicit FakeAuthority(const Key& account_key)
      : account_key_(&account_key), ca_key_(*Key::make(KeyType::ecdsa_p256)) {}

  static constexpr const char* url = "https://ca.example";

  // What it does.
  bool has_account = false;
  bool wants_external_account = false;
  int bad_nonces = 0;        // so many requests are refused for theirs
  int pending_looks = 0;     // at each authorization before it is valid
  int processing_looks = 0;  // at the order before the certificate is there
  bool refuses_challenges = false;
  std::string retry_after;          // on every answer
  std::string order_status;         // instead of what it would be
  const Key* issues_for = nullptr;  // another key than was asked for
  std::function<std::optional<event::Answered>(const std::string& path)> instead;

  // What it saw.
  std::vector<std::string> log;     // paths, in order
  std::vector<std::string> faults;  // of the client
  boost::json::value last_account;  // payload of newAccount
  std::set<std::string> claimed;    // names whose challenge was
  std::vector<std::string> names;   // ordered
  int orders = 0;

  event::Answered answer(const action::Send& what) {
    const std::string path = what.url.substr(std::string_view(url).size());
    log.push_back(path);
    if (instead)
      if (auto other = instead(path)) {
        other->nonce = new_nonce();
        return *other;
      }
    auto result = what.body.empty() ? get(path) : post(what.url, path, what.body);
    if (path != "/directory") result.nonce = new_nonce();
    if (!retry_after.empty()) result.retry_after = retry_after;
    return result;
  }

  static event::Answered problem(unsigned status, const std::string& type, const std::string& detail) {
    return {.status = status,
            .body = boost::json::serialize(
                boost::json::object{{"type", "urn:ietf:params:acme:error:" + type}, {"detail", detail}})};
  }

 private:
  using Object = boost::json::object;

  static event::Answered said(unsigned status, const Object& object, std::string location = {}) {
    return {.status = status, .body = boost::json::serialize(object), .location = std::move(location)};
  }
  static std::string at(const std::string& path) { return url + path; }

  event::Answered get(const std::string& path) {
    if (path == "/nonce") return {.status = 204};
    if (path != "/directory") faults.push_back("GET " + path);
    return said(200, {{"newNonce", at("/nonce")},
                      {"newAccount", at("/account")},
                      {"newOrder", at("/order")},
                      {"meta", Object{{"externalAccountRequired", wants_external_account}}}});
  }

  event::Answered post(const std::string& whole, const std::string& path, const std::string& body) {
    const auto jws = boost::json::parse(body).as_object();
    const auto part = [&](const char* name) { return std::string(jws.at(name).as_string()); };
    const auto header = boost::json::parse(*base::base64url_decode(part("protected"))).as_object();
    const auto payload = *base::base64url_decode(part("payload"));
    check(header.at("url").as_string() == whole, "another URL");
    check(header.at("alg").as_string() == "ES256", "another algorithm");
    check(nonces_.erase(std::string(header.at("nonce").as_string())) == 1, "a nonce twice, or made up");
    check(verifies(part("protected") + "." + part("payload"), *base::base64url_decode(part("signature"))),
          "a wrong signature");
    if (bad_nonces > 0) return --bad_nonces, problem(400, "badNonce", "try again");
    if (path == "/account") {
      check(header.contains("jwk") && !header.contains("kid"), "newAccount needs the key");
    } else {
      check(header.contains("kid") && header.at("kid").as_string() == at("/account/1"), "no account named");
      if (!has_account) return problem(400, "accountDoesNotExist", "who are you?");
    }
    return route(path, payload);
  }

  event::Answered route(const std::string& path, const std::string& payload) {
    if (path == "/account") {
      last_account = boost::json::parse(payload);
      const bool known = std::exchange(has_account, true);
      return said(known ? 200 : 201, {{"status", "valid"}}, at("/account/1"));
    }
    if (path == "/account/1") return last_account = boost::json::parse(payload), said(200, {{"status", "valid"}});
    if (path == "/order") return new_order(payload);
    if (path == order_path()) return order();
    if (path == order_path() + "/finalize") return finalize(payload);
    if (path == order_path() + "/certificate") return {.status = 200, .body = certificate_};
    if (path.starts_with("/authorization/")) return authorization(std::stoul(path.substr(15)));
    if (path.starts_with("/challenge/")) return challenge(std::stoul(path.substr(11)), payload);
    return problem(404, "malformed", "no such thing: " + path);
  }

  std::string order_path() const { return "/order/" + std::to_string(orders); }

  event::Answered new_order(const std::string& payload) {
    ++orders;
    names.clear();
    claimed.clear();
    certificate_.clear();
    is_finalized_ = false;
    const auto wish = boost::json::parse(payload);
    for (const auto& identifier : wish.at("identifiers").as_array())
      names.emplace_back(identifier.at("value").as_string());
    looks_.assign(names.size(), pending_looks);
    auto result = order();
    result.status = 201;
    result.location = at(order_path());
    return result;
  }

  event::Answered order() {
    std::string status = claimed.size() == names.size() ? "ready" : "pending";
    if (is_finalized_) status = processing_looks-- > 0 ? "processing" : "valid";
    if (!order_status.empty()) status = order_status;
    Object object{{"status", status}, {"finalize", at(order_path() + "/finalize")}};
    boost::json::array all;
    for (std::size_t i = 0; i < names.size(); ++i) all.emplace_back(at("/authorization/" + std::to_string(i)));
    object["authorizations"] = std::move(all);
    if (status == "valid") object["certificate"] = at(order_path() + "/certificate");
    return said(200, object);
  }

  event::Answered authorization(std::size_t index) {
    const auto& name = names.at(index);
    std::string status = "pending";
    if (claimed.contains(name) && looks_.at(index)-- <= 0) status = refuses_challenges ? "invalid" : "valid";
    boost::json::array challenges;
    for (const char* type : {"dns-01", "http-01", "tls-alpn-01"}) {
      Object one{{"type", type},
                 {"status", status},
                 {"url", at("/challenge/" + std::to_string(index))},
                 {"token", "token-" + std::to_string(index)}};
      if (status == "invalid")
        one["error"] = Object{{"type", "urn:ietf:params:acme:error:connection"}, {"detail", "nobody answers"}};
      challenges.emplace_back(std::move(one));
    }
    return said(200, {{"identifier", Object{{"type", "dns"}, {"value", name}}},
                      {"status", status},
                      {"challenges", std::move(challenges)}});
  }

  event::Answered challenge(std::size_t index, const std::string& payload) {
    check(payload == "{}", "a challenge is claimed with {}");
    claimed.insert(names.at(index));
    return said(200, {{"status", "processing"}});
  }

  event::Answered finalize(const std::string& payload) {
    const auto der = *base::base64url_decode(std::string(boost::json::parse(payload).at("csr").as_string()));
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    X509_REQ* request = d2i_X509_REQ(nullptr, &bytes, static_cast<long>(der.size()));
    check(request != nullptr && X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) == 1, "a wrong request");
    certificate_ = issue(*request);
    X509_REQ_free(request);
    is_finalized_ = true;
    return order();
  }

  std::string issue(X509_REQ& request) {
    const net::X509Ptr certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400L * 90);
    X509_set_pubkey(certificate.get(), issues_for != nullptr ? issues_for->get() : X509_REQ_get0_pubkey(&request));
    STACK_OF(X509_EXTENSION)* extensions = X509_REQ_get_extensions(&request);
    for (int i = 0; i < sk_X509_EXTENSION_num(extensions); ++i)
      X509_add_ext(certificate.get(), sk_X509_EXTENSION_value(extensions, i), -1);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_sign(certificate.get(), ca_key_.get(), EVP_sha256());
    const net::BioPtr memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(memory.get(), certificate.get());
    const char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  bool verifies(const std::string& text, const std::string& signature) const {
    if (signature.size() != 64) return false;
    const auto number = [&](std::size_t from) {
      return BN_bin2bn(reinterpret_cast<const unsigned char*>(signature.data()) + from, 32, nullptr);
    };
    ECDSA_SIG* parsed = ECDSA_SIG_new();
    ECDSA_SIG_set0(parsed, number(0), number(32));
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(parsed, &der);
    ECDSA_SIG_free(parsed);
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, account_key_->get());
    const int good = EVP_DigestVerify(context, der, static_cast<std::size_t>(size),
                                      reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    return good == 1;
  }

  std::string new_nonce() {
    auto nonce = "nonce-" + std::to_string(++last_nonce_);
    nonces_.insert(nonce);
    return nonce;
  }

  void check(bool good, const std::string& fault) {
    if (!good) faults.push_back(fault);
  }

  const Key* account_key_;
  Key ca_key_;
  std::set<std::string> nonces_;
  int last_nonce_ = 0;
  std::vector<int> looks_;
  std::string certificate_;
  bool is_finalized_ = false;
};

}  // namespace godwit::acme
