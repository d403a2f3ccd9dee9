// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/sender_authentication.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "dmarc_row.hpp"
#include "godwit/base/text.hpp"
#include "godwit/dns/bounded_resolver.hpp"
#include "godwit/mailauth/arc.hpp"
#include "godwit/mailauth/authentication_results.hpp"
#include "godwit/mailauth/dkim.hpp"
#include "godwit/mailauth/dmarc.hpp"
#include "godwit/mailauth/spf.hpp"
#include "godwit/policy/message_signing.hpp"

namespace godwit::policy {
namespace {

using boost::asio::awaitable;
using mailauth::ArcResult;
using mailauth::ArcVerdict;
using mailauth::DkimResult;
using mailauth::DkimVerdict;
using mailauth::DmarcPolicy;
using mailauth::DmarcResult;
using mailauth::DmarcVerdict;
using mailauth::SpfResult;

constexpr std::size_t most_lookups = 200;       // of one message: 10 of SPF with 10 names each, and keys
constexpr std::size_t most_dmarc_lookups = 64;  // of one author: tree walks

// The more a verdict asks for, the further it counts: From may name several domains.
bool is_stricter(const DmarcVerdict& one, const DmarcVerdict& other) {
  if (one.wanted != other.wanted) return one.wanted > other.wanted;
  return one.result != DmarcResult::pass && other.result == DmarcResult::pass;
}

}  // namespace

class SenderAuthentication::Implementation {
 public:
  Implementation(const mailauth::Settings& settings, std::shared_ptr<const mailauth::Signers> signers,
                 dns::Resolver& resolver, const base::Clock& clock, Origin origin, state::DmarcCounts* counts)
      : settings_(settings),
        signers_(std::move(signers)),
        clock_(clock),
        inner_resolver_(resolver),
        resolver_(resolver, clock, most_lookups),
        origin_(std::move(origin)),
        counts_(counts) {}

  awaitable<std::optional<smtp::Reply>> check_sender() {
    if (!spf_) {
      resolver_.set_deadline(clock_.mono() + settings_.timeout);
      auto outcome = co_await mailauth::check_spf(resolver_, spf_query());
      spf_ = std::move(outcome);
    }
    co_return spf_refusal();
  }

  void begin_message() {
    signed_by_.clear();
    digest_ = std::make_unique<mailauth::MessageDigest>([seals = sealer() != nullptr](const mail::Header& header) {
      auto wanted = mailauth::hashes_of_signatures(header);
      for (const auto& one : mailauth::hashes_of_chain(header)) wanted.push_back(one);
      if (seals) wanted.push_back({.form = mailauth::Canonical::relaxed});
      return wanted;
    });
    filter_ = std::make_unique<mailauth::ForgedResultsFilter>(settings_.service);
  }

  void put(std::string_view bytes, std::string& out) {
    digest_->put(bytes);
    filter_->put(bytes, out);
  }

  void finish(std::string& out) {
    digest_->finish();
    filter_->finish(out);
  }

  awaitable<Findings> judge(std::span<const mail::Recipient> recipients) {
    resolver_.set_deadline(clock_.mono() + settings_.timeout);
    const auto dkim = co_await mailauth::verify_dkim(*digest_, resolver_, clock_.wall());
    const auto arc = co_await mailauth::verify_arc(*digest_, resolver_, clock_.wall());
    auto dmarc = co_await check_authors(dkim);
    const bool vouched_for = is_vouched_for(arc) && dmarc.result == DmarcResult::fail;
    if (vouched_for) {
      dmarc.wanted = DmarcPolicy::none;
      dmarc.reason = "passed at the trusted sealer " + arc.sealers.back();
    }
    for (const auto& one : dkim)
      if (one.result == DkimResult::pass) signed_by_.push_back(one.domain);
    const auto found = results(dkim, arc, dmarc);
    Findings result;
    if (is_forwarded(recipients)) seal(arc, found, result);
    result.header = mailauth::authentication_results_field(settings_.service, found);
    if (settings_.received_spf)
      result.header += mailauth::received_spf_field(
          spf_query(), *spf_, by_hello() ? mailauth::SpfIdentity::hello : mailauth::SpfIdentity::mail_from);
    result.summary = summary(dkim, arc, dmarc);
    if (settings_.apply_dmarc) apply(dmarc, result);
    if (counts_ != nullptr) count(dkim, dmarc, vouched_for);
    co_return result;
  }

  SenderIdentity identity() const {
    SenderIdentity known{.dkim_domains = signed_by_};
    if (!spf_) return known;
    known.spf = to_string(spf_->result);
    known.spf_domain = base::to_lower(spf_domain());
    return known;
  }

 private:
  // Section 2.4 of RFC 7208: of <> it is the HELO that is asked for.
  bool by_hello() const { return !origin_.sender; }
  std::string spf_domain() const { return by_hello() ? origin_.hello : origin_.sender->domain; }

  mailauth::SpfQuery spf_query() const {
    return {.client = origin_.client,
            .hello = origin_.hello,
            .local = by_hello() ? std::string() : origin_.sender->local,
            .domain = spf_domain(),
            .receiver = settings_.service,
            .now = clock_.wall()};
  }

  std::optional<smtp::Reply> spf_refusal() const {
    if (!settings_.reject_spf_fail || spf_->result != SpfResult::fail) return {};
    auto text =
        fmt::format("The domain {} does not let your host send in its name (SPF)", base::printable(spf_domain(), 80));
    if (!spf_->explanation.empty()) text += ": " + base::printable(spf_->explanation, 200);
    return smtp::make_reply(550, {5, 7, 23}, text);  // RFC 7372 section 3.2
  }

  awaitable<DmarcVerdict> check_authors(const std::vector<DkimVerdict>& dkim) {
    DmarcVerdict strictest;
    const auto authors = mailauth::author_domains(digest_->header());
    if (!authors) {
      strictest.result = DmarcResult::perm_error;
      strictest.reason = authors.error().message;
      co_return strictest;
    }
    const auto query = dmarc_query(dkim);
    for (const auto& author : *authors) {
      auto asked = query;
      asked.domain = author;
      // Of its own: whoever made the keys and the other author slow to look up does not keep this one from being asked.
      dns::BoundedResolver resolver(inner_resolver_, clock_, most_dmarc_lookups);
      resolver.set_deadline(clock_.mono() + settings_.timeout);
      auto verdict = co_await mailauth::check_dmarc(resolver, std::move(asked));
      if (&author == &authors->front() || is_stricter(verdict, strictest)) strictest = std::move(verdict);
    }
    co_return strictest;
  }

  mailauth::DmarcQuery dmarc_query(const std::vector<DkimVerdict>& dkim) const {
    mailauth::DmarcQuery query;
    query.organizational_domain = settings_.organizational_domain;
    if (spf_->result == SpfResult::pass) query.spf_domain = spf_domain();
    if (spf_->result == SpfResult::temp_error) query.spf_undecided = spf_domain();
    for (const auto& one : dkim) {
      if (one.result == DkimResult::pass) query.dkim_domains.push_back(one.domain);
      if (one.result == DkimResult::temp_error) query.dkim_undecided.push_back(one.domain);
    }
    return query;
  }

  void count(const std::vector<DkimVerdict>& dkim, const DmarcVerdict& dmarc, bool vouched_for) const {
    if (!is_reported(dmarc)) return;
    const DmarcObserved observed{.client = origin_.client,
                                 .envelope_from = origin_.sender ? origin_.sender->domain : std::string(),
                                 .spf_domain = spf_domain(),
                                 .spf = spf_->result,
                                 .dkim = dkim,
                                 .dmarc = dmarc,
                                 .by_public_suffix_list = static_cast<bool>(settings_.organizational_domain),
                                 .vouched_for = vouched_for,
                                 .applied = settings_.apply_dmarc};
    counts_->count(row_of(observed));
  }

  const mailauth::Signer* sealer() const {
    if (!signers_ || settings_.seal_as.empty()) return nullptr;
    for (const auto* signer : signers_->of(settings_.seal_as, {}))
      if (signer->key.kind() == mailauth::KeyKind::rsa) return signer;  // RFC 8617 knows no other
    return nullptr;
  }

  // What passed DMARC at a host whose seal we believe is from whom it says, whatever was changed since.
  bool is_vouched_for(const ArcVerdict& arc) const {
    return arc.result == ArcResult::pass &&
           std::ranges::find(settings_.trusted_sealers, arc.sealers.back()) != settings_.trusted_sealers.end() &&
           mailauth::says_result(arc.last_results, "dmarc", "pass");
  }

  // Who has it already need not be told what we saw.
  bool is_forwarded(std::span<const mail::Recipient> recipients) const {
    return std::ranges::any_of(recipients, [this](const mail::Recipient& recipient) {
      return origin_.is_forwarded && origin_.is_forwarded(recipient.address);
    });
  }

  // A chain that is broken is left as it is.
  void seal(const ArcVerdict& arc, const std::vector<mailauth::MethodResult>& found, Findings& result) const {
    const auto* signer = sealer();
    if (signer == nullptr) return;
    const mailauth::ArcSealing sealing{.domain = signer->settings.domain,
                                       .selector = signer->settings.selector,
                                       .service = settings_.service,
                                       .results = mailauth::results_text(found)};
    auto fields = mailauth::seal_arc(*digest_, arc, signer->key, sealing, clock_.wall());
    if (fields)
      result.seal = std::move(*fields);
    else if (fields.error().kind == base::ErrorKind::io)
      result.refusal = cannot_sign();
  }

  std::vector<mailauth::MethodResult> results(const std::vector<DkimVerdict>& dkim, const ArcVerdict& arc,
                                              const DmarcVerdict& dmarc) const {
    std::vector<mailauth::MethodResult> all;
    all.push_back(mailauth::describe(*spf_, by_hello() ? "smtp.helo" : "smtp.mailfrom",
                                     by_hello() ? origin_.hello : smtp::to_string(*origin_.sender)));
    for (const auto& one : dkim) all.push_back(mailauth::describe(one));
    if (dkim.empty()) all.push_back({.method = "dkim", .result = "none"});
    if (arc.result != ArcResult::none) all.push_back(mailauth::describe(arc));
    all.push_back(mailauth::describe(dmarc));
    return all;
  }

  std::string summary(const std::vector<DkimVerdict>& dkim, const ArcVerdict& arc, const DmarcVerdict& dmarc) const {
    auto text = fmt::format("spf={} ", to_string(spf_->result));
    if (dkim.empty()) text += "dkim=none ";
    for (const auto& one : dkim) text += fmt::format("dkim={}({}) ", to_string(one.result), one.domain);
    if (arc.result != ArcResult::none) text += fmt::format("arc={} ", to_string(arc.result));
    return text + fmt::format("dmarc={}({})", to_string(dmarc.result), to_string(dmarc.wanted));
  }

  static void apply(const DmarcVerdict& dmarc, Findings& result) {
    if (dmarc.wanted == DmarcPolicy::reject)
      result.refusal = smtp::make_reply(
          550, {5, 7, 26},
          fmt::format("{} asks to reject mail in its name that it does not stand behind (DMARC)", dmarc.domain));
    if (dmarc.wanted == DmarcPolicy::quarantine)
      result.hold =
          fmt::format("{} asks to quarantine mail in its name that it does not stand behind (DMARC)", dmarc.domain);
  }

  const mailauth::Settings& settings_;
  const std::shared_ptr<const mailauth::Signers> signers_;
  const base::Clock& clock_;
  dns::Resolver& inner_resolver_;
  dns::BoundedResolver resolver_;
  const Origin origin_;
  state::DmarcCounts* const counts_;  // null: nothing is counted
  std::optional<mailauth::SpfOutcome> spf_;
  std::vector<std::string> signed_by_;
  std::unique_ptr<mailauth::MessageDigest> digest_;
  std::unique_ptr<mailauth::ForgedResultsFilter> filter_;
};

SenderAuthentication::SenderAuthentication(const mailauth::Settings& settings,
                                           std::shared_ptr<const mailauth::Signers> signers, dns::Resolver& resolver,
                                           const base::Clock& clock, Origin origin, state::DmarcCounts* counts)
    : implementation_(
          std::make_unique<Implementation>(settings, std::move(signers), resolver, clock, std::move(origin), counts)) {}
SenderAuthentication::~SenderAuthentication() = default;

awaitable<std::optional<smtp::Reply>> SenderAuthentication::check_sender() {
  return implementation_->check_sender();
}
void SenderAuthentication::begin_message() {
  implementation_->begin_message();
}
void SenderAuthentication::put(std::string_view bytes, std::string& out) {
  implementation_->put(bytes, out);
}
void SenderAuthentication::finish(std::string& out) {
  implementation_->finish(out);
}
awaitable<Findings> SenderAuthentication::judge(std::span<const mail::Recipient> recipients) {
  return implementation_->judge(recipients);
}
SenderIdentity SenderAuthentication::identity() const {
  return implementation_->identity();
}

}  // namespace godwit::policy
