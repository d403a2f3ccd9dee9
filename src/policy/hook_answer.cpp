// SPDX-License-Identifier: Apache-2.0
#include "hook_answer.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "godwit/base/text.hpp"
#include "godwit/mail/added_field.hpp"
#include "service_reply.hpp"

namespace godwit::policy {
namespace {

namespace json = boost::json;
using Kind = Verdict::Kind;

constexpr std::size_t deepest = 8;
constexpr std::size_t most_added_fields = 20;
constexpr std::size_t longest_evidence = 300;

constexpr std::array<std::pair<std::string_view, Kind>, 6> actions{{{"none", Kind::no_opinion},
                                                                    {"accept", Kind::accept},
                                                                    {"reject", Kind::reject},
                                                                    {"defer", Kind::defer},
                                                                    {"discard", Kind::discard},
                                                                    {"quarantine", Kind::quarantine}}};

// Reads one answer; what is wrong first is kept.
class HookAnswer {
 public:
  HookAnswer(const json::object& object, smtp::Utf8 utf8) : object_(object), utf8_(utf8) {}

  Verdict verdict() {
    know_keys();
    Verdict verdict{.kind = action()};
    const bool refuses = verdict.kind == Kind::reject || verdict.kind == Kind::defer;
    if (refuses) verdict.reply = reply(verdict.kind);
    verdict.reason = base::printable(text("reason"), longest_evidence);
    if (verdict.kind == Kind::quarantine && verdict.reason.empty())
      verdict.reason = base::printable(text("text"), longest_evidence);
    verdict.evidence = base::printable(text("evidence"), longest_evidence);
    if (verdict.evidence.empty()) verdict.evidence = refuses ? to_line(*verdict.reply) : verdict.reason;
    verdict.vouches = flag("vouches");
    verdict.header = added_fields();
    return fault_.empty() ? verdict : failed("its answer has " + fault_);
  }

 private:
  void wrong(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }

  void know_keys() {
    constexpr std::array<std::string_view, 8> known{"action", "code",     "enhanced", "text",
                                                    "reason", "evidence", "vouches",  "headers"};
    for (const auto& member : object_)
      if (std::ranges::find(known, std::string_view(member.key())) == known.end())
        wrong(fmt::format("an unknown key \"{}\"", base::printable(member.key(), 40)));
  }

  // Null stands for nothing.
  const json::value* value(std::string_view key) const {
    const auto* found = object_.if_contains(key);
    return found == nullptr || found->is_null() ? nullptr : found;
  }
  std::string_view text(std::string_view key) {
    const auto* found = value(key);
    if (found == nullptr) return {};
    if (found->is_string()) return found->get_string();
    wrong(fmt::format("no text as \"{}\"", key));
    return {};
  }
  bool flag(std::string_view key) {
    const auto* found = value(key);
    if (found == nullptr) return false;
    if (found->is_bool()) return found->get_bool();
    wrong(fmt::format("neither true nor false as \"{}\"", key));
    return false;
  }

  Kind action() {
    const auto word = text("action");
    const auto* const found = std::ranges::find(actions, word, &std::pair<std::string_view, Kind>::first);
    if (found != actions.end()) return found->second;
    wrong(fmt::format("an unknown action \"{}\"", base::printable(word, 40)));
    return Kind::no_opinion;
  }

  smtp::Reply reply(Kind kind) {
    const int klass = kind == Kind::reject ? 5 : 4;
    int code = kind == Kind::reject ? 550 : 450;
    if (const auto* said = value("code")) {
      const int lowest = klass * 100;
      const bool fits = said->is_int64() && said->get_int64() >= lowest && said->get_int64() < lowest + 100;
      if (fits) code = static_cast<int>(said->get_int64());
      if (!fits) wrong(fmt::format("a code that is none of {}xx", klass));
    }
    smtp::EnhancedCode enhanced{klass, 7, 1};
    if (const auto said = text("enhanced"); !said.empty()) {
      const auto parsed = smtp::parse_enhanced_code(said);
      if (parsed && parsed->klass == klass) enhanced = *parsed;
      if (!parsed || parsed->klass != klass) wrong(fmt::format("an enhanced code that is none of {}.x.x", klass));
    }
    auto words = text("text");
    if (words.empty()) words = kind == Kind::reject ? "Refused by our policy" : "Not taken now by our policy";
    return service_reply(code, enhanced, words, utf8_);
  }

  std::string added_fields() {
    const auto* all = value("headers");
    if (all == nullptr) return {};
    const auto* list = all->if_array();
    if (list == nullptr || list->size() > most_added_fields) {
      wrong(fmt::format("no list of up to {} \"headers\"", most_added_fields));
      return {};
    }
    std::string fields;
    for (const auto& one : *list) fields += added_field(one);
    return fields;
  }

  std::string added_field(const json::value& one) {
    const auto* object = one.if_object();
    const auto* name = object == nullptr ? nullptr : object->if_contains("name");
    const auto* value = object == nullptr ? nullptr : object->if_contains("value");
    if (name == nullptr || value == nullptr || !name->is_string() || !value->is_string() || object->size() != 2) {
      wrong("\"headers\" that are not {\"name\": …, \"value\": …}");
      return {};
    }
    auto field = mail::added_field(name->get_string(), value->get_string());
    if (field) return std::move(*field);
    wrong(field.error().message);
    return {};
  }

  const json::object& object_;
  const smtp::Utf8 utf8_;
  std::string fault_;
};

}  // namespace

Verdict hook_verdict(std::string_view answer, smtp::Utf8 utf8) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = deepest;
  const json::value parsed = json::parse(answer, error, {}, options);
  const auto* object = error ? nullptr : parsed.if_object();
  if (object == nullptr) return failed("its answer is no JSON object");
  return HookAnswer(*object, utf8).verdict();
}

}  // namespace godwit::policy
