// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/spf.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "domain.hpp"
#include "godwit/base/text.hpp"
#include "spf_macro.hpp"
#include "spf_record.hpp"

namespace godwit::mailauth {
namespace {

using boost::asio::awaitable;

// RFC 7208 section 4.6.4.
constexpr int most_lookups = 10;
constexpr int most_void_lookups = 2;
constexpr std::size_t most_names = 10;  // of an MX or a PTR

constexpr std::size_t max_label = 63;

// Section 4.3: a domain that can have a record.
bool can_be_asked(std::string_view domain) {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  const auto labels = base::split(domain, '.');
  return domain.size() <= 253 && labels.size() > 1 &&
         std::ranges::all_of(labels, [](auto label) { return !label.empty() && label.size() <= max_label; });
}

// One evaluation: what is shared by the records it comes through.
class Evaluation {
 public:
  Evaluation(dns::Resolver& resolver, SpfQuery query) : resolver_(resolver), query_(std::move(query)) {
    values_.local = query_.local.empty() ? "postmaster" : query_.local;
    values_.sender_domain = query_.domain;
    values_.hello = query_.hello;
    values_.receiver = query_.receiver;
    values_.client = query_.client;
    values_.seconds = std::chrono::floor<std::chrono::seconds>(query_.now).time_since_epoch().count();
  }

  // `explains`: a fail of this record may be explained (not that of one included).
  awaitable<SpfOutcome> check(std::string domain, bool explains);

 private:
  enum class Match { yes, no, temp_error, perm_error };

  awaitable<std::optional<std::string>> find_record(std::string domain, SpfOutcome& outcome);
  awaitable<SpfOutcome> apply(SpfRecord record, std::string domain, bool explains);
  awaitable<Match> matches(SpfDirective directive, std::string domain);
  awaitable<Match> matches_include(std::string target);
  awaitable<Match> matches_address(std::string name, SpfDirective directive);
  awaitable<Match> matches_mx(std::string target, SpfDirective directive);
  awaitable<Match> matches_ptr(std::string target);
  awaitable<Match> matches_exists(std::string target);
  awaitable<std::string> explain(std::string spec, std::string domain);
  awaitable<std::string> target(std::string spec, std::string domain);
  awaitable<std::string> expand(std::string text, std::string domain);
  awaitable<std::vector<std::string>> validated_names();

  dns::Family family() const { return query_.client.is_v4() ? dns::Family::v4 : dns::Family::v6; }
  // False: that was one too many.
  bool count_lookup() {
    if (++lookups_ <= most_lookups) return true;
    problem_ = "more than 10 look-ups";
    return false;
  }
  bool count_void(dns::Status status) {
    if (status != dns::Status::no_data && status != dns::Status::no_name) return true;
    if (++void_lookups_ <= most_void_lookups) return true;
    problem_ = "more than 2 look-ups without an answer";
    return false;
  }
  SpfOutcome error(SpfResult result, std::string problem) const {
    return {.result = result, .problem = std::move(problem)};
  }

  dns::Resolver& resolver_;
  const SpfQuery query_;
  MacroValues values_;
  int lookups_ = 0;
  int void_lookups_ = 0;
  std::optional<std::vector<std::string>> validated_;
  std::string problem_;  // the reason of the last error of a term
};

awaitable<SpfOutcome> Evaluation::check(std::string domain, bool explains) {
  SpfOutcome outcome;
  if (!can_be_asked(domain)) co_return outcome;
  const auto text = co_await find_record(domain, outcome);
  if (!text) co_return outcome;
  auto record = parse_spf_record(*text);
  if (!record) co_return error(SpfResult::perm_error, record.error().message);
  co_return co_await apply(std::move(*record), std::move(domain), explains);
}

// Section 4.5.
awaitable<std::optional<std::string>> Evaluation::find_record(std::string domain, SpfOutcome& outcome) {
  const auto answer = co_await resolver_.txt(domain);
  if (answer.status == dns::Status::temporary) outcome = error(SpfResult::temp_error, "DNS: " + answer.why);
  if (answer.status != dns::Status::found) co_return std::nullopt;
  std::optional<std::string> record;
  for (const auto& text : answer.records) {
    if (!is_spf_record(text)) continue;
    if (record) {
      outcome = error(SpfResult::perm_error, "several records");
      co_return std::nullopt;
    }
    record = text;
  }
  co_return record;
}

awaitable<SpfOutcome> Evaluation::apply(SpfRecord record, std::string domain, bool explains) {
  for (const auto& directive : record.directives) {
    const auto match = co_await matches(directive, domain);
    if (match == Match::no) continue;
    if (match == Match::temp_error) co_return error(SpfResult::temp_error, problem_);
    if (match == Match::perm_error) co_return error(SpfResult::perm_error, problem_);
    SpfOutcome outcome{.result = directive.result, .mechanism = directive.text};
    if (outcome.result == SpfResult::fail && explains && !record.explanation.empty())
      outcome.explanation = co_await explain(record.explanation, domain);
    co_return outcome;
  }
  if (record.redirect.empty()) co_return SpfOutcome{.result = SpfResult::neutral};
  if (!count_lookup()) co_return error(SpfResult::perm_error, problem_);
  auto next = co_await target(record.redirect, domain);
  auto outcome = co_await check(std::move(next), explains);
  if (outcome.result == SpfResult::none) outcome = error(SpfResult::perm_error, "redirects to a domain without record");
  co_return outcome;
}

awaitable<Evaluation::Match> Evaluation::matches(SpfDirective directive, std::string domain) {
  if (directive.mechanism == SpfMechanism::all) co_return Match::yes;
  if (directive.mechanism == SpfMechanism::ip)
    co_return directive.network.contains(query_.client) ? Match::yes : Match::no;
  if (!count_lookup()) co_return Match::perm_error;
  auto where = co_await target(directive.domain, std::move(domain));
  switch (directive.mechanism) {
    case SpfMechanism::include:
      co_return co_await matches_include(std::move(where));
    case SpfMechanism::a:
      co_return co_await matches_address(std::move(where), std::move(directive));
    case SpfMechanism::mx:
      co_return co_await matches_mx(std::move(where), std::move(directive));
    case SpfMechanism::ptr:
      co_return co_await matches_ptr(std::move(where));
    default:
      co_return co_await matches_exists(std::move(where));
  }
}

// Section 5.2.
awaitable<Evaluation::Match> Evaluation::matches_include(std::string where) {
  auto outcome = co_await check(std::move(where), false);
  problem_ = outcome.problem;
  switch (outcome.result) {
    case SpfResult::pass:
      co_return Match::yes;
    case SpfResult::temp_error:
      co_return Match::temp_error;
    case SpfResult::none:
      problem_ = "includes a domain without record";
      co_return Match::perm_error;
    case SpfResult::perm_error:
      co_return Match::perm_error;
    default:
      co_return Match::no;
  }
}

awaitable<Evaluation::Match> Evaluation::matches_address(std::string name, SpfDirective directive) {
  const auto answer = co_await resolver_.addresses(std::move(name), family());
  if (answer.status == dns::Status::temporary) {
    problem_ = "DNS: " + answer.why;
    co_return Match::temp_error;
  }
  if (!count_void(answer.status)) co_return Match::perm_error;
  const int prefix = query_.client.is_v4() ? directive.prefix4 : directive.prefix6;
  const bool found = std::ranges::any_of(answer.records, [&](const base::IpAddress& address) {
    return base::IpNetwork(address, prefix).contains(query_.client);
  });
  co_return found ? Match::yes : Match::no;
}

awaitable<Evaluation::Match> Evaluation::matches_mx(std::string where, SpfDirective directive) {
  const auto answer = co_await resolver_.mx(std::move(where));
  if (answer.status == dns::Status::temporary) {
    problem_ = "DNS: " + answer.why;
    co_return Match::temp_error;
  }
  if (!count_void(answer.status)) co_return Match::perm_error;
  if (answer.records.size() > most_names) {
    problem_ = "an MX with more than 10 names";
    co_return Match::perm_error;
  }
  for (const auto& one : answer.records) {
    const auto match = co_await matches_address(one.exchange, directive);
    if (match != Match::no) co_return match;
  }
  co_return Match::no;
}

// Section 5.5: names of the client's address that lead back to it.  What cannot be looked up is not among them.
awaitable<std::vector<std::string>> Evaluation::validated_names() {
  if (validated_) co_return *validated_;
  validated_.emplace();
  const auto names = co_await resolver_.ptr(query_.client);
  void_lookups_ += names.status == dns::Status::no_data || names.status == dns::Status::no_name ? 1 : 0;
  for (std::size_t i = 0; i < std::min(most_names, names.records.size()); ++i) {
    const auto addresses = co_await resolver_.addresses(names.records[i], family());
    if (std::ranges::find(addresses.records, query_.client) != addresses.records.end())
      validated_->push_back(names.records[i]);
  }
  co_return *validated_;
}

awaitable<Evaluation::Match> Evaluation::matches_ptr(std::string where) {
  const auto names = co_await validated_names();
  const bool found = std::ranges::any_of(names, [&](const auto& name) { return is_same_or_below(name, where); });
  co_return found ? Match::yes : Match::no;
}

// Section 5.7: an A record, also for a client of IPv6.
awaitable<Evaluation::Match> Evaluation::matches_exists(std::string where) {
  const auto answer = co_await resolver_.addresses(std::move(where), dns::Family::v4);
  if (answer.status == dns::Status::temporary) {
    problem_ = "DNS: " + answer.why;
    co_return Match::temp_error;
  }
  if (!count_void(answer.status)) co_return Match::perm_error;
  co_return answer.status == dns::Status::found ? Match::yes : Match::no;
}

// Section 6.2: whatever is wrong with it, there is no explanation then.
awaitable<std::string> Evaluation::explain(std::string spec, std::string domain) {
  auto where = co_await target(std::move(spec), domain);
  const auto answer = co_await resolver_.txt(std::move(where));
  if (answer.records.size() != 1) co_return std::string();
  const auto& text = answer.records.front();
  if (!is_macro_string(text, MacroPlace::explanation)) co_return std::string();
  co_return co_await expand(text, std::move(domain));
}

awaitable<std::string> Evaluation::target(std::string spec, std::string domain) {
  if (spec.empty()) co_return domain;
  auto name = co_await expand(std::move(spec), std::move(domain));
  co_return shorten_name(std::move(name));
}

awaitable<std::string> Evaluation::expand(std::string text, std::string domain) {
  values_.domain = domain;
  if (names_validated_name(text)) {
    const auto names = co_await validated_names();
    values_.validated_name = "unknown";
    auto best = std::ranges::find_if(names, [&](const auto& name) { return base::iequals(name, domain); });
    if (best == names.end())
      best = std::ranges::find_if(names, [&](const auto& name) { return is_same_or_below(name, domain); });
    if (best == names.end()) best = names.begin();
    if (best != names.end()) values_.validated_name = *best;
  }
  co_return expand_macros(text, values_);
}

}  // namespace

std::string_view to_string(SpfResult result) {
  switch (result) {
    case SpfResult::none:
      return "none";
    case SpfResult::neutral:
      return "neutral";
    case SpfResult::pass:
      return "pass";
    case SpfResult::fail:
      return "fail";
    case SpfResult::soft_fail:
      return "softfail";
    case SpfResult::temp_error:
      return "temperror";
    case SpfResult::perm_error:
      break;
  }
  return "permerror";
}

awaitable<SpfOutcome> check_spf(dns::Resolver& resolver, SpfQuery query) {
  auto domain = query.domain;
  Evaluation evaluation(resolver, std::move(query));
  co_return co_await evaluation.check(std::move(domain), true);
}

}  // namespace godwit::mailauth
