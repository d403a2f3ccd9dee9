// SPDX-License-Identifier: Apache-2.0
#include "types.hpp"

#include <charconv>

#include "names.hpp"

namespace godwit::config {

std::unexpected<base::Error> invalid(std::string message) {
  return base::fail(base::ErrorKind::invalid, std::move(message));
}

std::string show_text(const std::string& text) {
  return text;
}

namespace {

std::string quoted(std::string_view text) {
  return fmt::format("\"{}\"", base::printable(text));
}

template <class T, class Parse>
Type<T> parsed(const std::string& name, Parse parse, const std::string& complaint) {
  return scalar<T>(
      name,
      [parse, complaint](const std::string& text) -> base::Result<T> {
        auto value = parse(text);
        if (!value) return invalid(quoted(text) + " " + complaint);
        return *value;
      },
      [](const T& value) { return to_string(value); });
}

}  // namespace

Type<bool> boolean() {
  auto type = word<bool>({{"true", true}, {"false", false}, {"yes", true}, {"no", false}});
  type.name = "true | false";
  return type;
}

Type<std::string> text() {
  return scalar<std::string>(
      "text",
      [](const std::string& value) -> base::Result<std::string> {
        const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
        if (std::ranges::any_of(value, is_control)) return invalid(quoted(value) + " contains control characters");
        return value;
      },
      show_text);
}

Type<std::string> domain_name() {
  return scalar<std::string>("domain name", parse_domain, show_text);
}
Type<std::string> host_name() {
  return scalar<std::string>("full host name", parse_host_name, show_text);
}
Type<std::string> mail_address() {
  return scalar<std::string>("mail address", parse_address, show_text);
}

Type<std::string> absolute_path() {
  return scalar<std::string>(
      "absolute path",
      [](const std::string& value) -> base::Result<std::string> {
        if (!value.starts_with('/')) return invalid(quoted(value) + " is not an absolute path: it must start with /");
        if (value.find('\0') != std::string::npos) return invalid(quoted(value) + " is not a path");
        return value;
      },
      show_text);
}

Type<std::string> pattern() {
  return scalar<std::string>(
      "file name pattern", [](const std::string& value) { return base::Result<std::string>(value); }, show_text);
}

Type<double> decimal(double least, double most) {
  const auto bounds = fmt::format("{} to {}", least, most);
  return scalar<double>(
      "number, " + bounds,
      [=](const std::string& value) -> base::Result<double> {
        double number = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (error != std::errc() || end != value.data() + value.size())
          return invalid(quoted(value) + " is not a number");
        if (!(number >= least && number <= most)) return invalid(fmt::format("{} is out of bounds: {}", value, bounds));
        return number;
      },
      [](const double& value) { return fmt::format("{}", value); });
}

Type<std::uint64_t> size(std::uint64_t least, std::uint64_t most) {
  const auto bounds = fmt::format("{} to {}", base::format_size(least), base::format_size(most));
  return scalar<std::uint64_t>(
      "size, " + bounds,
      [=](const std::string& value) -> base::Result<std::uint64_t> {
        const auto bytes = base::parse_size(value);
        if (!bytes) return invalid(quoted(value) + " is not a size such as 512KiB or 50MiB");
        if (*bytes < least || *bytes > most) return invalid(fmt::format("{} is out of bounds: {}", value, bounds));
        return *bytes;
      },
      [](const std::uint64_t& bytes) { return base::format_size(bytes); });
}

Type<base::Duration> duration(base::Duration least, base::Duration most) {
  const auto bounds = fmt::format("{} to {}", base::format_duration(least), base::format_duration(most));
  return scalar<base::Duration>(
      "duration, " + bounds,
      [=](const std::string& value) -> base::Result<base::Duration> {
        const auto time = base::parse_duration(value);
        if (!time) return invalid(quoted(value) + " is not a duration such as 30s, 5m, 4h or 5d");
        if (*time < least || *time > most) return invalid(fmt::format("{} is out of bounds: {}", value, bounds));
        return *time;
      },
      [](const base::Duration& value) { return base::format_duration(value); });
}

Type<base::IpAddress> ip_address() {
  return parsed<base::IpAddress>("IP address", base::IpAddress::parse, "is not an IP address");
}

Type<base::IpNetwork> ip_network() {
  return parsed<base::IpNetwork>("network", base::IpNetwork::parse,
                                 "is not a network such as 10.0.0.0/8, 2001:db8::/32 or one address");
}

Type<base::Endpoint> tcp_endpoint(std::optional<std::uint16_t> default_port) {
  return parsed<base::Endpoint>(
      default_port ? fmt::format("address, with :port unless {}", *default_port) : std::string("address:port"),
      [=](const std::string& value) -> std::optional<base::Endpoint> {
        auto endpoint = base::Endpoint::parse(value, default_port);
        if (endpoint && !endpoint->unix_path.empty()) endpoint.reset();
        return endpoint;
      },
      default_port ? "is not an address such as 127.0.0.1 or [::1]:5353"
                   : "is not an address and port such as 192.0.2.1:25 or [::]:25");
}

Type<base::Rate> rate() {
  return scalar<base::Rate>(
      "rate, such as 100/1m",
      [](const std::string& text) -> base::Result<base::Rate> {
        const auto rate = base::parse_rate(text);
        if (!rate)
          return base::fail(base::ErrorKind::invalid,
                            fmt::format("\"{}\" is no rate: so many in so much time (1s to 1d), as in 100/1m",
                                        base::printable(text)));
        return *rate;
      },
      [](const base::Rate& rate) { return base::to_string(rate); });
}

Type<base::Rate> byte_rate() {
  return scalar<base::Rate>(
      "bytes in a time, such as 50MiB/1d",
      [](const std::string& text) -> base::Result<base::Rate> {
        const auto rate = base::parse_byte_rate(text);
        if (!rate)
          return base::fail(base::ErrorKind::invalid,
                            fmt::format("\"{}\" is no rate of bytes: a size in so much time (1s to 1d), as in 50MiB/1d",
                                        base::printable(text)));
        return *rate;
      },
      [](const base::Rate& rate) { return base::byte_rate_text(rate); });
}

Type<unsigned> file_mode() {
  return scalar<unsigned>(
      "octal mode, 0 to 7777",
      [](const std::string& value) -> base::Result<unsigned> {
        std::string_view digits = value;
        if (digits.starts_with("0o")) digits.remove_prefix(2);
        unsigned mode = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), mode, 8);
        if (error != std::errc() || end != digits.data() + digits.size() || mode > 07777U)
          return invalid(quoted(value) + " is not an octal file mode such as 0700 or 2770");
        return mode;
      },
      [](const unsigned& value) { return fmt::format("{:04o}", value); });
}

Type<std::string> or_empty(Type<std::string> type, std::string meaning) {
  type.name += fmt::format("; \"\": {}", meaning);
  type.read = [read = type.read](std::string& target, const YAML::Node& node, Reader& reader) {
    if (node.IsScalar() && node.Scalar().empty())
      target.clear();
    else
      read(target, node, reader);
  };
  return type;
}

}  // namespace godwit::config
