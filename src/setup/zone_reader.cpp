// SPDX-License-Identifier: Apache-2.0
// From the text of a zone file to its records.
#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/setup/zone_file.hpp"

namespace godwit::setup {
namespace {

struct Word {
  std::string text;
  bool quoted = false;
};

// One record: a line, or several in parentheses.
struct Entry {
  std::size_t line = 0;
  bool has_owner = true;  // else it begins with a blank: the owner of the one before
  std::vector<Word> words;
};

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  // Nothing: the end.
  base::Result<std::optional<Entry>> next() {
    while (at_ < text_.size()) {
      Entry entry{.line = line_, .has_owner = text_[at_] != ' ' && text_[at_] != '\t', .words = {}};
      if (auto read = read_entry(entry); !read) return std::unexpected(read.error());
      if (!entry.words.empty()) return entry;
    }
    return std::nullopt;
  }

 private:
  base::Result<> read_entry(Entry& entry) {
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        ++at_;
        ++line_;
        if (depth == 0) return {};
      } else if (c == ';') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '(' || c == ')') {
        depth += c == '(' ? 1 : -1;
        ++at_;
        if (depth < 0) return wrong(line_, "a ) without its (");
      } else if (c == ' ' || c == '\t' || c == '\r') {
        ++at_;
      } else if (c == '"') {
        if (auto read = read_quoted(entry); !read) return read;
      } else {
        const auto end = std::min(text_.find_first_of(" \t\r\n;()\"", at_), text_.size());
        entry.words.push_back({.text = std::string(text_.substr(at_, end - at_))});
        at_ = end;
      }
    }
    return depth == 0 ? base::Result<>() : wrong(entry.line, "a ( without its )");
  }

  base::Result<> read_quoted(Entry& entry) {
    Word word{.text = {}, .quoted = true};
    for (++at_; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        entry.words.push_back(std::move(word));
        return {};
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      word.text += text_[at_];
    }
    return wrong(line_, "a string without its closing \"");
  }

  static base::Result<> wrong(std::size_t line, const char* what) {
    return base::fail(base::ErrorKind::invalid, fmt::format("line {}: {}", line, what));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

bool is_ttl_or_class(const Word& word) {
  if (word.quoted || word.text.empty()) return false;
  return base::iequals(word.text, "IN") || (word.text.front() >= '0' && word.text.front() <= '9');
}

std::optional<std::uint16_t> small_number(std::string_view text, std::uint64_t most) {
  const auto number = base::parse_unsigned(text);
  if (!number || *number > most) return {};
  return static_cast<std::uint16_t>(*number);
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string escaped;
  if (text.size() % 2 != 0) return {};
  for (std::size_t i = 0; i < text.size(); i += 2) escaped += fmt::format("%{}", text.substr(i, 2));
  return base::percent_decode(escaped);
}

std::optional<dns::Rdata> tlsa_of(const std::vector<std::string>& values) {
  if (values.size() < 4) return {};
  const auto usage = small_number(values[0], 255), selector = small_number(values[1], 255),
             matching = small_number(values[2], 255);
  std::string digits;
  for (std::size_t i = 3; i < values.size(); ++i) digits += values[i];
  const auto data = from_hex(digits);
  if (!usage || !selector || !matching || !data) return {};
  return dns::Tlsa{.usage = static_cast<std::uint8_t>(*usage),
                   .selector = static_cast<std::uint8_t>(*selector),
                   .matching = static_cast<std::uint8_t>(*matching),
                   .data = *data};
}

}  // namespace

class ZoneReader {
 public:
  explicit ZoneReader(std::string_view text) : splitter_(text) {}

  base::Result<ZoneFile> run() && {
    for (;;) {
      auto entry = splitter_.next();
      if (!entry) return std::unexpected(entry.error());
      if (!*entry) return std::move(zone_);
      if (const auto why = take(**entry); !why.empty())
        return base::fail(base::ErrorKind::invalid, fmt::format("line {}: {}", (*entry)->line, why));
    }
  }

 private:
  // What is wrong; "": nothing.
  std::string take(const Entry& entry) {
    const auto& words = entry.words;
    if (words[0].text.starts_with('$')) return directive(words);
    std::size_t at = 0;
    if (entry.has_owner) {
      const auto owner = full_name(words[at++].text);
      if (!owner) return fmt::format("\"{}\" is no name", base::printable(words[0].text));
      owner_ = *owner;
    }
    if (owner_.empty()) return "a record without a name";
    while (at < words.size() && is_ttl_or_class(words[at])) ++at;
    if (at == words.size()) return "a record without a type";
    std::vector<std::string> values;
    for (std::size_t i = at + 1; i < words.size(); ++i) values.push_back(words[i].text);
    return add(base::to_upper(words[at].text), values);
  }

  std::string directive(const std::vector<Word>& words) {
    if (base::iequals(words[0].text, "$TTL")) return {};
    if (!base::iequals(words[0].text, "$ORIGIN") || words.size() != 2)
      return fmt::format("{} is not read", base::printable(words[0].text));
    const auto origin = full_name(words[1].text);
    if (!origin) return "$ORIGIN: no name";
    origin_ = *origin;
    return {};
  }

  std::optional<std::string> full_name(const std::string& text) const {
    if (text == "@") return origin_.empty() ? std::nullopt : std::optional(origin_);
    const bool relative = !text.ends_with('.') && !origin_.empty();
    auto name = dns::normal_name(relative ? text + "." + origin_ : text);
    if (!name) return {};
    return *std::move(name);
  }

  std::string add(const std::string& type, const std::vector<std::string>& values) {
    using dns::Type;
    static constexpr std::pair<std::string_view, Type> known[] = {
        {"A", Type::a},     {"AAAA", Type::aaaa}, {"MX", Type::mx},      {"TXT", Type::txt},
        {"PTR", Type::ptr}, {"TLSA", Type::tlsa}, {"CNAME", Type::cname}};
    const auto* const found = std::ranges::find(known, type, [](const auto& each) { return each.first; });
    for (auto name = owner_; !name.empty();) {
      zone_.names_.insert(name);
      const auto dot = name.find('.');
      name = dot == std::string::npos ? std::string() : name.substr(dot + 1);
    }
    if (found == std::end(known)) return {};
    auto data = data_of(found->second, values);
    if (!data) return fmt::format("the data of {} cannot be read", type);
    zone_.records_.emplace(std::pair(owner_, found->second), std::move(*data));
    return {};
  }

  std::optional<dns::Rdata> data_of(dns::Type type, const std::vector<std::string>& values) const {
    using dns::Type;
    if (type == Type::txt) return values.empty() ? std::nullopt : std::optional<dns::Rdata>(base::join(values, ""));
    if (type == Type::tlsa) return tlsa_of(values);
    if (type == Type::mx) return mx_of(values);
    if (values.size() != 1) return {};
    if (type == Type::a || type == Type::aaaa) {
      const auto address = base::IpAddress::parse(values[0]);
      if (!address || address->is_v4() != (type == Type::a)) return {};
      return *address;
    }
    auto name = full_name(values[0]);
    if (!name) return {};
    return *std::move(name);
  }

  std::optional<dns::Rdata> mx_of(const std::vector<std::string>& values) const {
    if (values.size() != 2) return {};
    const auto preference = small_number(values[0], 65535);
    const auto exchange = values[1] == "." ? std::optional(std::string()) : full_name(values[1]);
    if (!preference || !exchange) return {};
    return dns::Mx{.preference = *preference, .exchange = *exchange};
  }

  Splitter splitter_;
  ZoneFile zone_;
  std::string origin_, owner_;
};

base::Result<ZoneFile> ZoneFile::parse(std::string_view text) {
  return ZoneReader(text).run();
}

}  // namespace godwit::setup
