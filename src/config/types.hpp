// SPDX-License-Identifier: Apache-2.0
// The types that values of the configuration can have: how each is called in the reference, read, and written.  A type
// reads into its target only what is right, and reports the rest to the reader.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/base/rate.hpp"
#include "godwit/base/text.hpp"
#include "reader.hpp"

namespace godwit::config {

enum class Reload { yes, restart };

// One line of the reference.
struct Row {
  std::string key;  // full, "limits.message_size"
  std::string type;
  std::string fallback;
  std::string help;
  Reload reload = Reload::yes;
};

// A function that its copies share: a type is copied into each that is made of it, and into each key of it.
template <class Signature>
class Action;

template <class R, class... A>
class Action<R(A...)> {
 public:
  Action() = default;
  template <class F>
  requires std::is_invocable_r_v<R, const F&, A...> Action(F function)
      : function_(std::make_shared<const std::function<R(A...)>>(std::move(function))) {}
  explicit operator bool() const { return function_ != nullptr; }
  R operator()(A... arguments) const { return (*function_)(std::forward<A>(arguments)...); }

 private:
  std::shared_ptr<const std::function<R(A...)>> function_;
};

template <class T>
struct Type {
  std::string name;  // "size, 64KiB to 2GiB"
  Action<void(T& target, const YAML::Node& node, Reader& reader)> read;
  Action<std::string(const T& value)> show;  // as one would write it; also decides whether two values differ
  Action<std::vector<Row>()> rows = {};      // of the keys inside, named from ""; empty: there are none
  bool merges = false;                       // parts may stand in several files
  bool may_be_empty = false;                 // a key without a value is an empty one
};

// What is wrong with a value, for the reader to put the place before.
std::unexpected<base::Error> invalid(std::string message);
// Text as it stands.
std::string show_text(const std::string& text);

// A scalar from its text: `parse` gives the value, or what is wrong with the text.
template <class T>
Type<T> scalar(const std::string& name, std::function<base::Result<T>(const std::string& text)> parse,
               std::function<std::string(const T&)> show) {
  return {.name = name,
          .read =
              [parse = std::move(parse), expected = name](T& target, const YAML::Node& node, Reader& reader) {
                if (!node.IsScalar()) return reader.fail(fmt::format("{}: expected {}", reader.path(), expected));
                auto value = parse(node.Scalar());
                if (value)
                  target = std::move(*value);
                else
                  reader.fail(fmt::format("{}: {}", reader.path(), value.error().message));
              },
          .show = std::move(show)};
}

Type<bool> boolean();
Type<std::string> text();
Type<std::string> domain_name();
Type<std::string> host_name();     // a domain name of at least two labels
Type<std::string> mail_address();  // in the form route/ looks up: the domain in lower case
Type<std::string> absolute_path();
Type<std::string> pattern();  // of file names
Type<double> decimal(double least, double most);
Type<std::uint64_t> size(std::uint64_t least, std::uint64_t most);
Type<base::Duration> duration(base::Duration least, base::Duration most);
Type<base::IpAddress> ip_address();
Type<base::IpNetwork> ip_network();
Type<base::Endpoint> tcp_endpoint(std::optional<std::uint16_t> default_port);
Type<unsigned> file_mode();
Type<base::Rate> rate();
Type<base::Rate> byte_rate();

// A value that may be left out; then what `meaning` says counts.
template <class T>
Type<std::optional<T>> optional_of(const Type<T>& type, const std::string& meaning) {
  return {.name = type.name,
          .read =
              [read = type.read](std::optional<T>& target, const YAML::Node& node, Reader& reader) {
                const auto before = reader.errors();
                T value{};
                read(value, node, reader);
                if (reader.errors() == before) target = std::move(value);
              },
          .show = [show = type.show, meaning](const std::optional<T>& value) { return value ? show(*value) : meaning; },
          .rows = type.rows};
}

// The same with "" allowed, which means what `meaning` says.
Type<std::string> or_empty(Type<std::string> type, std::string meaning);

template <std::integral T>
Type<T> number(T least, T most) {
  const auto bounds = fmt::format("{} to {}", least, most);
  return scalar<T>(
      "number, " + bounds,
      [=](const std::string& text) -> base::Result<T> {
        const auto value = base::parse_unsigned(text);
        if (!value)
          return base::fail(base::ErrorKind::invalid, fmt::format("\"{}\" is not a number", base::printable(text)));
        if (*value < static_cast<std::uint64_t>(least) || *value > static_cast<std::uint64_t>(most))
          return base::fail(base::ErrorKind::invalid, fmt::format("{} is out of bounds: {}", *value, bounds));
        return static_cast<T>(*value);
      },
      [](const T& value) { return fmt::format("{}", value); });
}

// One of some words.  `unsupported` are words that a later version will know.
template <class T>
Type<T> word(const std::vector<std::pair<std::string, T>>& words, const std::vector<std::string>& unsupported = {}) {
  std::vector<std::string> names;
  names.reserve(words.size());
  for (const auto& [name, value] : words) names.push_back(name);
  const auto list = base::join(names, " | ");
  return {.name = list,
          .read =
              [=](T& target, const YAML::Node& node, Reader& reader) {
                const auto text = node.IsScalar() ? node.Scalar() : std::string();
                const auto found = std::ranges::find(words, text, [](const auto& pair) { return pair.first; });
                if (found != words.end())
                  target = found->second;
                else if (std::ranges::find(unsupported, text) != unsupported.end() && !text.empty())
                  reader.fail(fmt::format("{}: {} is not supported in this version", reader.path(), text));
                else if (!node.IsScalar())
                  reader.fail(fmt::format("{}: expected {}", reader.path(), list));
                else
                  reader.fail(fmt::format("{}: \"{}\" is none of {}", reader.path(), base::printable(text), list),
                              base::nearest(text, names));
              },
          .show =
              [=](const T& value) {
                const auto found = std::ranges::find(words, value, [](const auto& pair) { return pair.second; });
                return found == words.end() ? std::string() : found->first;
              }};
}

// A list of values.  `single`: one value alone stands for a list of one.
enum class Single { refuse, accept };
template <class T>
Type<std::vector<T>> list_of(Type<T> item, Single single = Single::refuse) {
  return {.name = (single == Single::accept ? "one or a list of: " : "list of: ") + item.name,
          .read =
              [item, single](std::vector<T>& target, const YAML::Node& node, Reader& reader) {
                target.clear();
                // A faulty item keeps its place, so that the checks of meaning find the others at theirs.
                const auto read_one = [&](const YAML::Node& part, const std::string& path) {
                  const Reader::Step step(reader, path, part);
                  item.read(target.emplace_back(), part, reader);
                };
                if (node.IsSequence()) {
                  for (const auto& part : node) {
                    const auto path = fmt::format("{}[{}]", reader.path(), target.size());
                    reader.claim(path, part, part, Reader::Again::refuse);
                    read_one(part, path);
                  }
                } else if (single == Single::accept && node.IsScalar()) {
                  read_one(node, reader.path());
                } else {
                  reader.fail(fmt::format("{}: expected a list{}", reader.path(),
                                          single == Single::accept ? ", or one value" : ", written [a, b]"));
                }
              },
          .show =
              [item](const std::vector<T>& values) {
                std::vector<std::string> parts;
                for (const auto& value : values) parts.push_back(item.show(value));
                return "[" + base::join(parts, ", ") + "]";
              },
          .rows = item.rows};
}

}  // namespace godwit::config
