// SPDX-License-Identifier: Apache-2.0
#include "dns_lists_check.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "dns_list.hpp"
#include "godwit/base/text.hpp"
#include "godwit/net/patience.hpp"
#include "godwit/policy/list_health.hpp"
#include "lookups.hpp"

namespace godwit::policy {
namespace {

using boost::asio::awaitable;
using Subject = DnsListSettings::Subject;

constexpr std::size_t longest_words = 200;  // of a list, in our reply

std::string_view word_of(Subject subject) {
  switch (subject) {
    case Subject::client:
      return "client";
    case Subject::client_name:
      return "client_name";
    case Subject::hello:
      return "hello";
    case Subject::sender:
      return "sender";
  }
  return "?";
}

// One name that is looked up for a list.
struct Question {
  std::size_t list = 0;
  enum class Why : std::uint8_t { entry, must_be_listed, must_not_be_listed } why = Why::entry;
  Subject subject = Subject::client;
  std::string name;
};

// An entry that was found.
struct Hit {
  std::size_t list = 0;
  Subject subject = Subject::client;
  std::string name;
  base::IpAddress answer;
};

// Good names can be claimed by anybody: only what is proven speaks for a client.
bool is_proven(Subject subject, const Facts& facts) {
  switch (subject) {
    case Subject::client:
      return true;
    case Subject::client_name:
      return facts.client_name.verified();
    case Subject::sender:
      return facts.identity.spf_passed();
    case Subject::hello:
      break;
  }
  return false;
}

std::string name_of(const DnsListSettings& list, Subject subject, const Facts& facts) {
  if (list.score < 0 && !is_proven(subject, facts)) return {};
  switch (subject) {
    case Subject::client:
      return listed_name(facts.client, list.zone);
    case Subject::client_name:
      return listed_name(facts.client_name.name, list.zone);
    case Subject::hello:
      return listed_name(facts.hello.name, list.zone);
    case Subject::sender:
      return listed_name(facts.sender ? facts.sender->domain : std::string(), list.zone);
  }
  return {};
}

std::string test_name(const DnsListSettings& list, std::string_view address, std::string_view domain) {
  const bool of_addresses = std::ranges::find(list.subjects, Subject::client) != list.subjects.end();
  if (const auto at = base::IpAddress::parse(address); at && of_addresses) return listed_name(*at, list.zone);
  return fmt::format("{}.{}", of_addresses ? address : domain, list.zone);
}

void add_tests(std::size_t index, const DnsListSettings& list, std::vector<Question>& questions) {
  const auto& own = list.test_point;
  questions.push_back({.list = index,
                       .why = Question::Why::must_be_listed,
                       .name = own.empty() ? test_name(list, "127.0.0.2", "test") : test_name(list, own, own)});
  questions.push_back(
      {.list = index, .why = Question::Why::must_not_be_listed, .name = test_name(list, "127.0.0.1", "invalid")});
}

ListState judge_tests(const AddressAnswer& must_be, const AddressAnswer& must_not_be) {
  if (must_not_be.status == dns::Status::found) return ListState::lists_everything;
  if (must_be.status == dns::Status::temporary || must_not_be.status == dns::Status::temporary)
    return ListState::unreachable;
  return must_be.status == dns::Status::found ? ListState::good : ListState::lists_nothing;
}

bool has_test_points(const DnsListSettings& list) {
  return list.test_point != "none";
}

// The first that counts.
std::optional<base::IpAddress> entry_in(const DnsListSettings& list, const AddressAnswer& answer) {
  for (const auto& record : answer.records)
    if (list.answers.empty() || std::ranges::any_of(list.answers, [&](const auto& one) { return fits(one, record); }))
      return record;
  return {};
}

class DnsListsCheck final : public Check, public std::enable_shared_from_this<DnsListsCheck> {
 public:
  DnsListsCheck(DnsListsSettings settings, ListHealth& health, const CheckSurroundings& around)
      : settings_(std::move(settings)), health_(health), around_(around) {}

  bool is_asked_at(Stage stage) const override { return stage == Stage::mail; }

  awaitable<Verdict> ask(Stage, std::shared_ptr<const Facts> facts) override {
    evidence_.clear();
    const auto deadline = around_.clock.mono() + settings_.timeout;
    const auto questions = questions_about(*facts);
    std::vector<std::string> names;
    names.reserve(questions.size());
    for (const auto& question : questions) names.push_back(question.name);
    auto looking = look_up_all(around_, std::move(names), deadline);
    const auto answers = co_await std::move(looking);
    take_tests(questions, answers);
    const auto hits = entries(questions, answers);
    const int score = score_of(hits);
    auto evidence = fmt::format("score={}{}", score, evidence_);
    const auto action = action_for(score);
    if (action == CheckAction::none) {
      auto verdict = no_opinion(std::move(evidence));
      verdict.vouches = score < 0 && score <= settings_.vouch;
      co_return verdict;
    }
    auto strongest_hit = strongest(hits);  // named: GCC 12 destroys temporaries that a coroutine takes twice
    auto explaining = explanation(std::move(strongest_hit), *facts, deadline);
    const auto text = co_await std::move(explaining);
    co_return judged(action, {5, 7, 1}, text, std::move(evidence));
  }

 private:
  // Of the lists that may be believed, and the test points of those whose time has come.
  std::vector<Question> questions_about(const Facts& facts) {
    std::vector<Question> questions;
    for (std::size_t i = 0; i < settings_.lists.size(); ++i) {
      const auto& list = settings_.lists[i];
      const auto state = health_.state(list.zone);
      const bool is_off = state != ListState::good && state != ListState::untested;
      const bool due = (has_test_points(list) || is_off) && health_.is_due(list.zone, around_.clock.mono());
      if (is_off && (has_test_points(list) || !due)) {
        evidence_ += fmt::format(" {}=off", list.shown_name());
        if (due) test_aside(i);
        continue;
      }
      if (due && has_test_points(list)) add_tests(i, list, questions);
      for (const auto subject : list.subjects)
        if (auto name = name_of(list, subject, facts); !name.empty())
          questions.push_back({.list = i, .subject = subject, .name = std::move(name)});
    }
    return questions;
  }

  // Nobody waits for a list that is switched off.
  void test_aside(std::size_t index) {
    auto testing = [](std::shared_ptr<DnsListsCheck> self, std::size_t list) -> awaitable<void> {
      std::vector<Question> questions;
      add_tests(list, self->settings_.lists[list], questions);
      std::vector<std::string> names{questions[0].name, questions[1].name};
      auto looking = look_up_all(self->around_, std::move(names), self->around_.clock.mono() + self->settings_.timeout);
      const auto answers = co_await std::move(looking);
      self->take_tests(questions, answers);
    };
    auto task = testing(shared_from_this(), index);
    around_.tasks.spawn(std::move(task));
  }

  // A pair each, one behind the other.
  void take_tests(const std::vector<Question>& questions, const std::vector<AddressAnswer>& answers) {
    for (std::size_t i = 0; i + 1 < questions.size(); ++i)
      if (questions[i].why == Question::Why::must_be_listed)
        health_.tested(settings_.lists[questions[i].list].zone, judge_tests(answers[i], answers[i + 1]),
                       around_.clock.mono());
  }

  std::vector<Hit> entries(const std::vector<Question>& questions, const std::vector<AddressAnswer>& answers) {
    std::vector<Hit> hits;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      if (questions[i].why != Question::Why::entry) continue;
      const auto& list = settings_.lists[questions[i].list];
      if (has_test_points(list) && health_.state(list.zone) != ListState::good) continue;
      if (answers[i].status == dns::Status::temporary) {
        health_.failed(list.zone, around_.clock.mono());
        evidence_ += fmt::format(" {}={}", list.shown_name(), answers[i].why);
        continue;
      }
      if (!is_sound(list, answers[i])) continue;
      if (const auto answer = entry_in(list, answers[i]))
        hits.push_back(
            {.list = questions[i].list, .subject = questions[i].subject, .name = questions[i].name, .answer = *answer});
    }
    return hits;
  }

  // Whether it is an answer as lists give them.
  bool is_sound(const DnsListSettings& list, const AddressAnswer& answer) {
    for (const auto& record : answer.records) {
      if (kind_of(record) == ListAnswer::entry) continue;
      health_.refused(list.zone, base::to_string(record), around_.clock.mono());
      evidence_ += fmt::format(" {}=off", list.shown_name());
      return false;
    }
    if (has_test_points(list))
      health_.answered(list.zone);
    else
      health_.tested(list.zone, ListState::good, around_.clock.mono());  // there is no other test
    return true;
  }

  // A list counts once, whatever of the message is on it.
  int score_of(const std::vector<Hit>& hits) {
    int sum = 0;
    std::size_t counted = settings_.lists.size();
    for (const auto& hit : hits) {
      const auto& list = settings_.lists[hit.list];
      evidence_ += fmt::format(" {}={}({})", list.shown_name(), base::to_string(hit.answer), word_of(hit.subject));
      if (hit.list != counted) sum += list.score;
      counted = hit.list;
    }
    return sum;
  }

  CheckAction action_for(int score) const {
    const auto reaches = [score](const std::optional<int>& bound) { return bound && score >= *bound; };
    if (reaches(settings_.reject)) return CheckAction::reject;
    if (reaches(settings_.defer)) return CheckAction::defer;
    return reaches(settings_.quarantine) ? CheckAction::quarantine : CheckAction::none;
  }

  Hit strongest(const std::vector<Hit>& hits) const {
    const auto score = [this](const Hit& hit) { return settings_.lists[hit.list].score; };
    return hits.empty() ? Hit{} : *std::ranges::max_element(hits, {}, score);
  }

  // With the list's own words, where it has some in time.
  awaitable<std::string> explanation(Hit hit, const Facts& facts, base::MonoTime deadline) {
    if (hit.name.empty()) co_return "Refused by our lists";
    const auto& list = settings_.lists[hit.list];
    const auto subject = hit.subject == Subject::client ? base::to_string(facts.client)
                                                        : hit.name.substr(0, hit.name.size() - list.zone.size() - 1);
    auto text = fmt::format("{} is listed at {}", base::printable(subject, 255), list.shown_name());
    net::Patience patience(around_.executor, around_.deadlines, around_.tasks);
    auto asking = around_.resolver.txt(hit.name);
    const auto until = [deadline] { return deadline; };
    auto waiting = patience.wait(std::move(asking), until);
    const auto words = co_await std::move(waiting);
    if (words && words->status == dns::Status::found)
      text += ": " + base::printable(words->records.front(), longest_words);
    co_return text;
  }

  const DnsListsSettings settings_;
  ListHealth& health_;
  const CheckSurroundings& around_;
  std::string evidence_;  // of the question under way
};

}  // namespace

CheckEntry dns_lists_entry(const Settings& settings, const CheckStores& stores) {
  return {.make = [settings = settings.dns_lists, &health = *stores.list_health](const CheckSurroundings& around) {
    return std::make_shared<DnsListsCheck>(settings, health, around);
  }};
}

}  // namespace godwit::policy
