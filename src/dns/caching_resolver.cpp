// SPDX-License-Identifier: Apache-2.0
#include "godwit/dns/caching_resolver.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include <boost/asio/use_awaitable.hpp>

#include "cache.hpp"
#include "godwit/base/text.hpp"
#include "godwit/dns/message.hpp"
#include "outcome.hpp"

namespace godwit::dns {
namespace {

using boost::asio::awaitable;
using OutcomePtr = std::shared_ptr<const Outcome>;

// A question that is being asked: the first caller asks, the others wait here.
class Flight {
 public:
  // Ends at once when the outcome is there.
  static awaitable<OutcomePtr> wait(std::shared_ptr<Flight> flight) {
    if (!flight->outcome_) {
      auto park = [flight](auto handler) {
        auto executor = boost::asio::get_associated_executor(handler);
        flight->waiters_.push_back(
            [executor, parked = std::move(handler)]() mutable { boost::asio::post(executor, std::move(parked)); });
      };
      co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(park,
                                                                                         boost::asio::use_awaitable);
    }
    co_return flight->outcome_;
  }

  void land(OutcomePtr outcome) {
    outcome_ = std::move(outcome);
    for (auto& waiter : std::exchange(waiters_, {})) waiter();
  }

 private:
  OutcomePtr outcome_;
  std::vector<std::move_only_function<void()>> waiters_;
};

bool trusts_ad(const Settings& settings) {
  if (settings.trust_ad != TrustAd::automatic) return settings.trust_ad == TrustAd::yes;
  return !settings.servers.empty() && std::ranges::all_of(settings.servers, [](const base::Endpoint& server) {
    return server.address.is_loopback();
  });
}

// A CNAME whose target is no name that can be asked for: there is nothing behind it.
Outcome nowhere(std::string name) {
  Outcome outcome;
  outcome.status = Status::no_name;
  outcome.canonical_name = std::move(name);
  outcome.ttl = longest_negative_ttl;
  return outcome;
}

template <class T>
Answer<T> to_answer(const Outcome& outcome, std::chrono::seconds ttl) {
  Answer<T> answer;
  answer.status = outcome.status;
  answer.ttl = ttl;
  answer.authentic = outcome.authentic;
  answer.canonical_name = outcome.canonical_name;
  answer.why = outcome.why;
  for (const auto& record : outcome.records) answer.records.push_back(std::get<T>(record));
  return answer;
}

}  // namespace

class CachingResolver::Implementation {
 public:
  Implementation(Transport& transport, const base::Clock& clock, const Settings& settings)
      : transport_(transport), clock_(clock), trusts_ad_(trusts_ad(settings)), cache_(settings.cache_entries) {}

  template <class T>
  awaitable<Answer<T>> ask(std::string name, Type type) {
    const auto normal = normal_name(name);
    if (!normal) {
      Answer<T> answer;
      answer.status = Status::no_name;
      answer.why = normal.error().message;
      co_return answer;
    }
    Question question{.name = *normal, .type = type};
    if (const auto* entry = cache_.find(question, clock_.mono())) {
      const auto left = std::chrono::floor<std::chrono::seconds>(entry->expires - clock_.mono());
      co_return to_answer<T>(*entry->outcome, left);
    }
    const auto outcome = co_await look_up(std::move(question));
    co_return to_answer<T>(*outcome, outcome->ttl);
  }

  awaitable<Validation> validation() {
    if (!trusts_ad_) co_return Validation::untrusted;
    Question root{.name = "", .type = Type::ns};
    const auto outcome = co_await exchange(std::move(root));
    if (outcome.status != Status::found) co_return Validation::unknown;
    co_return outcome.authentic ? Validation::works : Validation::missing;
  }

  void flush() {
    cache_.clear();
    ++generation_;  // what is under way was asked before the flush and is not remembered
  }

  std::size_t cached() const { return cache_.size(); }

 private:
  // Takes the flight out and wakes those who share it, also when the exchange ends by an exception.
  class Landing {
   public:
    Landing(Implementation& owner, Question question) : owner_(owner), question_(std::move(question)) {
      owner_.flights_.emplace(question_, flight_);
    }
    Landing(const Landing&) = delete;
    Landing& operator=(const Landing&) = delete;
    ~Landing() {
      owner_.flights_.erase(question_);
      flight_->land(outcome != nullptr ? outcome : std::make_shared<const Outcome>(temporary("cancelled")));
    }
    OutcomePtr outcome;

   private:
    Implementation& owner_;
    Question question_;
    std::shared_ptr<Flight> flight_ = std::make_shared<Flight>();
  };

  awaitable<OutcomePtr> look_up(Question question) {
    if (const auto flying = flights_.find(question); flying != flights_.end())
      co_return co_await Flight::wait(flying->second);
    Landing landing(*this, question);
    const auto generation = generation_;
    auto outcome = co_await follow(question);
    landing.outcome = std::make_shared<const Outcome>(std::move(outcome));
    if (generation == generation_) cache_.insert(question, landing.outcome, clock_.mono());
    co_return landing.outcome;
  }

  // Asks, and asks again for the target of a CNAME that the answer did not hold.
  awaitable<Outcome> follow(Question question) {
    Outcome sum = co_await exchange(question);
    while (sum.incomplete) {
      Question next{.name = sum.canonical_name, .type = question.type};
      Outcome more = co_await exchange(std::move(next));
      if (more.status == Status::temporary && !more.incomplete) co_return more;
      more.cnames += sum.cnames;
      if (more.cnames > most_cnames) co_return temporary("too many CNAMEs");
      more.ttl = std::min(more.ttl, sum.ttl);
      more.authentic = more.authentic && sum.authentic;
      sum = std::move(more);
    }
    co_return sum;
  }

  awaitable<Outcome> exchange(Question question) {
    for (const auto edns : {Edns::with, Edns::without}) {
      auto query = build_query(question, edns);
      if (!query) co_return nowhere(question.name);
      const auto reply = co_await transport_.exchange(std::move(*query));
      if (!reply.failure.empty()) co_return temporary(reply.failure);
      const auto message = parse_answer(reply.bytes, question);
      if (!message) co_return temporary(message.error().message);
      // A server from before EDNS (RFC 6891 section 7).
      const bool too_old = message->rcode == Rcode::format_error || message->rcode == Rcode::not_implemented;
      if (too_old && edns == Edns::with) continue;
      auto outcome = evaluate(*message, question);
      outcome.authentic = outcome.authentic && trusts_ad_;
      co_return outcome;
    }
    co_return temporary("FORMERR");
  }

  Transport& transport_;
  const base::Clock& clock_;
  bool trusts_ad_;
  Cache cache_;
  std::map<Question, std::shared_ptr<Flight>> flights_;
  std::uint64_t generation_ = 0;
};

CachingResolver::CachingResolver(Transport& transport, const base::Clock& clock, const Settings& settings)
    : implementation_(std::make_unique<Implementation>(transport, clock, settings)) {}

CachingResolver::~CachingResolver() = default;

awaitable<Answer<Mx>> CachingResolver::mx(std::string name) {
  return implementation_->ask<Mx>(std::move(name), Type::mx);
}

awaitable<Answer<base::IpAddress>> CachingResolver::addresses(std::string name, Family family) {
  return implementation_->ask<base::IpAddress>(std::move(name), family == Family::v4 ? Type::a : Type::aaaa);
}

awaitable<Answer<std::string>> CachingResolver::txt(std::string name) {
  return implementation_->ask<std::string>(std::move(name), Type::txt);
}

awaitable<Answer<std::string>> CachingResolver::ptr(base::IpAddress address) {
  return implementation_->ask<std::string>(reverse_name(address), Type::ptr);
}

awaitable<Answer<Tlsa>> CachingResolver::tlsa(std::string name) {
  return implementation_->ask<Tlsa>(std::move(name), Type::tlsa);
}

awaitable<Answer<std::string>> CachingResolver::cname(std::string name) {
  return implementation_->ask<std::string>(std::move(name), Type::cname);
}

awaitable<Validation> CachingResolver::validation() {
  return implementation_->validation();
}

std::string_view to_string(Validation validation) {
  switch (validation) {
    case Validation::works:
      return "works";
    case Validation::missing:
      return "missing";
    case Validation::untrusted:
      return "untrusted";
    case Validation::unknown:
      break;
  }
  return "unknown";
}

void CachingResolver::flush() {
  implementation_->flush();
}

std::size_t CachingResolver::cached() const {
  return implementation_->cached();
}

bool resolv_conf_trusts_ad(std::string_view text) {
  bool all_here = true;
  for (const auto line : base::split(text, '\n')) {
    std::string spaced(line);
    std::ranges::replace(spaced, '\t', ' ');
    const auto words = base::split(base::trim(spaced), ' ');
    if (words.front() == "options" && std::ranges::find(words, "trust-ad") != words.end()) return true;
    if (words.front() != "nameserver") continue;
    const auto value = base::trim(std::string_view(spaced).substr(spaced.find("nameserver") + 10));
    const auto address = base::IpAddress::parse(value);
    all_here = all_here && address && address->is_loopback();
  }
  return all_here;
}

}  // namespace godwit::dns
