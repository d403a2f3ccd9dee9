// SPDX-License-Identifier: Apache-2.0
#include "mime_check.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "attachment_name.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/mime_reader.hpp"

namespace godwit::policy {
namespace {

using mail::MimeFault;

constexpr std::size_t most_named = 10;    // attachments that the evidence tells
constexpr std::size_t longest_told = 80;  // of a name

// Two headers in one, or a part that is another one for another reader.
bool contradicts(MimeFault fault) {
  switch (fault) {
    case MimeFault::ambiguous_boundary:
    case MimeFault::parts_behind_end:
    case MimeFault::several_types:
    case MimeFault::several_encodings:
    case MimeFault::several_dispositions:
    case MimeFault::encoded_container:
    case MimeFault::no_field:
      return true;
    case MimeFault::bad_boundary:
    case MimeFault::missing_parts:
    case MimeFault::missing_end:
    case MimeFault::blank_in_name:
    case MimeFault::unread:
      break;
  }
  return false;
}

class MimeCheck final : public Check {
 public:
  explicit MimeCheck(const MimeSettings& settings) : settings_(settings) {}

  bool is_asked_at(Stage stage) const override { return stage == Stage::end; }
  bool wants_message() const override { return true; }

  boost::asio::awaitable<void> take(std::string bytes) override {
    if (!reader_) reader_.emplace([this](std::string_view name) { look_at(name); });
    reader_->put(bytes);
    co_return;
  }

  boost::asio::awaitable<Verdict> ask(Stage, std::shared_ptr<const Facts>) override {
    if (!reader_) co_return no_opinion();
    reader_->finish();
    const auto structure = reader_->structure();
    auto faults = std::exchange(names_, {});
    add_faults(structure, faults);
    auto verdict = judged(std::move(faults), {5, 6, 0});
    const auto size = fmt::format("parts={} depth={}", structure.parts, structure.depth);
    verdict.evidence = verdict.evidence.empty() ? size : size + "; " + verdict.evidence;
    co_return verdict;
  }

  void end_transaction() override {
    reader_.reset();
    names_.clear();
  }

 private:
  void look_at(std::string_view name) {
    if (const auto rule = rule_of(name); rule.action != CheckAction::none)
      add_name(rule.action,
               fmt::format("Attachments such as \"{}\" ({}) are not taken", told(name), base::printable(rule.pattern)));
    const auto disguise = disguise_of(name);
    if (!disguise.empty() && settings_.disguised != CheckAction::none)
      add_name(settings_.disguised,
               fmt::format("The name of the attachment \"{}\" misleads: {}", told(name), disguise));
  }

  static std::string told(std::string_view name) { return base::printable(saved_name(name), longest_told); }

  struct Rule {
    CheckAction action = CheckAction::none;
    std::string pattern{};
  };
  Rule rule_of(std::string_view name) const {
    const auto forms = forms_of(name);
    for (const auto& rule : settings_.attachments) {
      const auto found = std::ranges::find_if(rule.names, [&](const auto& pattern) { return fits(forms, pattern); });
      if (found != rule.names.end()) return {.action = rule.action, .pattern = *found};
    }
    const auto program = program_extension(forms);
    if (!program.empty()) return {.action = settings_.programs, .pattern = fmt::format("*.{}", program)};
    return {};
  }

  // Many that are alike are told once; of too many the first of each action are kept, so that the strictest counts.
  void add_name(CheckAction action, std::string text) {
    const auto is_same = [&](const Fault& known) { return known.action == action && known.text == text; };
    const auto alike = std::ranges::count(names_, action, &Fault::action);
    if (static_cast<std::size_t>(alike) >= most_named || std::ranges::any_of(names_, is_same)) return;
    names_.push_back({.action = action, .text = std::move(text)});
  }

  void add_faults(const mail::MimeStructure& structure, std::vector<Fault>& faults) const {
    const auto found = [&](CheckAction action, std::string text) {
      if (action != CheckAction::none) faults.push_back({.action = action, .text = std::move(text)});
    };
    if (structure.too_deep || structure.depth > settings_.most_depth)
      found(settings_.too_complex, fmt::format("The message has parts more than {} deep", settings_.most_depth));
    if (structure.too_deep) found(action_on(MimeFault::unread), "The message has parts deeper than they are looked at");
    if (structure.parts > settings_.most_parts)
      found(settings_.too_complex, fmt::format("The message has more than {} parts", settings_.most_parts));
    for (std::size_t i = 0; i < mail::mime_faults; ++i) {
      const auto fault = static_cast<MimeFault>(i);
      if (structure.has(fault)) found(action_on(fault), fmt::format("The message has {} (RFC 2045)", to_string(fault)));
    }
  }

  // What was not looked at may be any name.
  CheckAction action_on(MimeFault fault) const {
    if (fault != MimeFault::unread) return contradicts(fault) ? settings_.conflicting : settings_.malformed;
    return settings_.programs == CheckAction::none ? settings_.disguised : settings_.programs;
  }

  const MimeSettings settings_;
  std::optional<mail::MimeReader> reader_;  // of the message that is received
  std::vector<Fault> names_;                // what its attachments' names are
};

}  // namespace

CheckEntry mime_entry(const Settings& settings, const CheckStores&) {
  return {.only_strangers = false, .make = [settings = settings.mime](const CheckSurroundings&) {
            return std::make_shared<MimeCheck>(settings);
          }};
}

}  // namespace godwit::policy
