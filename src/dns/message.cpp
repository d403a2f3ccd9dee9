// SPDX-License-Identifier: Apache-2.0
#include "godwit/dns/message.hpp"

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "name.hpp"

namespace godwit::dns {
namespace {

constexpr std::size_t header_size = 12;
constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t flag_response = 0x8000;
constexpr std::uint16_t flag_authoritative = 0x0400;
constexpr std::uint16_t flag_truncated = 0x0200;
constexpr std::uint16_t flag_recursion_desired = 0x0100;
constexpr std::uint16_t flag_authentic = 0x0020;
constexpr std::uint16_t opcode_bits = 0x7800;

void put16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8U & 0xFFU);
  out += static_cast<char>(value & 0xFFU);
}

// Reads forward; every read says whether the bytes were there.
class Cursor {
 public:
  explicit Cursor(std::string_view message) : message_(message) {}

  std::optional<std::uint8_t> u8() {
    if (at_ >= message_.size()) return {};
    return static_cast<std::uint8_t>(message_[at_++]);
  }
  std::optional<std::uint16_t> u16() {
    const auto high = u8();
    const auto low = u8();
    if (!high || !low) return {};
    return static_cast<std::uint16_t>(*high << 8U | *low);
  }
  std::optional<std::uint32_t> u32() {
    const auto high = u16();
    const auto low = u16();
    if (!high || !low) return {};
    return static_cast<std::uint32_t>(*high) << 16U | *low;
  }
  std::optional<std::string_view> take(std::size_t size) {
    if (message_.size() - at_ < size) return {};
    at_ += size;
    return message_.substr(at_ - size, size);
  }
  std::optional<std::string> name() { return decode_name(message_, at_); }
  std::size_t at() const { return at_; }
  // A cursor that ends `size` bytes ahead but still sees what lies before, for compressed names.
  Cursor part(std::size_t size) const {
    Cursor result(message_.substr(0, at_ + size));
    result.at_ = at_;
    return result;
  }
  bool at_end() const { return at_ == message_.size(); }

 private:
  std::string_view message_;
  std::size_t at_ = 0;
};

template <std::size_t Size>
std::optional<std::array<std::uint8_t, Size>> bytes_of(Cursor& data) {
  const auto bytes = data.take(Size);
  if (!bytes) return {};
  std::array<std::uint8_t, Size> result{};
  for (std::size_t i = 0; i < Size; ++i) result[i] = static_cast<std::uint8_t>((*bytes)[i]);
  return result;
}

std::optional<Rdata> read_mx(Cursor& data) {
  const auto preference = data.u16();
  auto exchange = data.name();
  if (!preference || !exchange) return {};
  return Mx{.preference = *preference, .exchange = std::move(*exchange)};
}

std::optional<Rdata> read_txt(Cursor& data) {
  std::string joined;
  do {  // at least one string (RFC 1035 section 3.3.14)
    const auto size = data.u8();
    if (!size) return {};
    const auto text = data.take(*size);
    if (!text) return {};
    joined += *text;
  } while (!data.at_end());
  return joined;
}

std::optional<Rdata> read_tlsa(Cursor& data, std::size_t size) {
  const auto usage = data.u8();
  const auto selector = data.u8();
  const auto matching = data.u8();
  if (!usage || !selector || !matching) return {};
  const auto rest = data.take(size - 3);
  return Tlsa{.usage = *usage, .selector = *selector, .matching = *matching, .data = std::string(*rest)};
}

std::optional<Rdata> read_soa(Cursor& data) {
  if (!data.name() || !data.name() || !data.take(16)) return {};  // serial, refresh, retry, expire
  const auto minimum = data.u32();
  if (!minimum) return {};
  return Soa{.minimum = *minimum};
}

std::optional<Rdata> read_rdata(Cursor& data, Type type, std::size_t size) {
  switch (type) {
    case Type::a:
      if (const auto bytes = bytes_of<4>(data)) return base::IpAddress::v4(*bytes);
      return {};
    case Type::aaaa:
      if (const auto bytes = bytes_of<16>(data)) return base::IpAddress::v6(*bytes);
      return {};
    case Type::ns:
    case Type::cname:
    case Type::ptr:
      if (auto name = data.name()) return std::move(*name);
      return {};
    case Type::mx:
      return read_mx(data);
    case Type::txt:
      return read_txt(data);
    case Type::tlsa:
      return read_tlsa(data, size);
    case Type::soa:
      return read_soa(data);
    case Type::opt:
      break;
  }
  (void)data.take(size);
  return std::monostate{};
}

struct RawRecord {
  Record record;
  std::uint16_t klass = 0;
  std::uint32_t raw_ttl = 0;  // EDNS keeps flags there
};

std::optional<RawRecord> read_record(Cursor& message) {
  RawRecord raw;
  auto name = message.name();
  const auto type = message.u16();
  const auto klass = message.u16();
  const auto ttl = message.u32();
  const auto size = message.u16();
  if (!name || !type || !klass || !ttl || !size) return {};
  auto data = message.part(*size);
  if (!message.take(*size)) return {};
  raw.klass = *klass;
  raw.raw_ttl = *ttl;
  raw.record.name = std::move(*name);
  raw.record.type = static_cast<Type>(*type);
  raw.record.ttl = (*ttl & 0x80000000U) != 0 ? 0 : *ttl;
  // A record of another class is carried over unread: its data means something else.
  const auto read_as = *klass == class_in ? raw.record.type : Type::opt;
  auto content = read_rdata(data, read_as, *size);
  if (!content || !data.at_end()) return {};
  raw.record.data = std::move(*content);
  return raw;
}

bool read_section(Cursor& message, unsigned count, std::vector<Record>& into) {
  for (unsigned i = 0; i < count; ++i) {
    auto raw = read_record(message);
    if (!raw) return false;
    if (raw->klass == class_in) into.push_back(std::move(raw->record));
  }
  return true;
}

// RFC 6891 section 6.1.3: the upper eight bits of the rcode.
bool read_additional(Cursor& message, unsigned count, unsigned& rcode) {
  for (unsigned i = 0; i < count; ++i) {
    const auto raw = read_record(message);
    if (!raw) return false;
    if (raw->record.type == Type::opt) rcode |= raw->raw_ttl >> 24U << 4U;
  }
  return true;
}

// The root has no mail, but name servers.
base::Result<std::string> name_in(const Question& question) {
  const bool root = question.name.empty() && question.type == Type::ns;
  return root ? base::Result<std::string>("") : normal_name(question.name);
}

std::unexpected<base::Error> malformed(std::string_view what) {
  return base::fail(base::ErrorKind::corrupt, fmt::format("malformed answer ({})", what));
}

}  // namespace

std::string to_string(Rcode rcode) {
  switch (rcode) {
    case Rcode::no_error:
      return "NOERROR";
    case Rcode::format_error:
      return "FORMERR";
    case Rcode::server_failure:
      return "SERVFAIL";
    case Rcode::name_error:
      return "NXDOMAIN";
    case Rcode::not_implemented:
      return "NOTIMP";
    case Rcode::refused:
      return "REFUSED";
  }
  return fmt::format("rcode {}", static_cast<unsigned>(rcode));
}

std::string reverse_name(const base::IpAddress& address) {
  std::string name;
  const auto bytes = address.bytes();
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    const auto value = static_cast<unsigned>(static_cast<unsigned char>(*byte));
    name += address.is_v4() ? fmt::format("{}.", value) : fmt::format("{:x}.{:x}.", value & 0xFU, value >> 4U);
  }
  return name + (address.is_v4() ? "in-addr.arpa" : "ip6.arpa");
}

base::Result<std::string> build_query(const Question& question, Edns edns) {
  const auto name = name_in(question);
  if (!name) return std::unexpected(name.error());
  std::string query;
  put16(query, 0);
  put16(query, flag_recursion_desired | flag_authentic);
  put16(query, 1);
  put16(query, 0);
  put16(query, 0);
  put16(query, edns == Edns::with ? 1 : 0);
  query += encode_name(*name);
  put16(query, static_cast<unsigned>(question.type));
  put16(query, class_in);
  if (edns == Edns::with) {
    query += '\0';  // the root
    put16(query, static_cast<unsigned>(Type::opt));
    put16(query, edns_payload);
    put16(query, 0);  // rcode, version
    put16(query, 0);  // flags: no DO, we do not validate ourselves
    put16(query, 0);  // no options
  }
  return query;
}

base::Result<Message> parse_answer(std::string_view bytes, const Question& question) {
  Cursor cursor(bytes);
  if (bytes.size() < header_size) return malformed("too short");
  (void)cursor.u16();
  const unsigned flags = *cursor.u16();
  const unsigned questions = *cursor.u16();
  const unsigned answers = *cursor.u16();
  const unsigned authority = *cursor.u16();
  const unsigned additional = *cursor.u16();
  if ((flags & flag_response) == 0 || (flags & opcode_bits) != 0) return malformed("not an answer");
  unsigned rcode = flags & 0xFU;

  // A server that did not understand the query may leave the question out.
  if (questions == 0 && rcode == static_cast<unsigned>(Rcode::format_error))
    return Message{.rcode = Rcode::format_error, .answers = {}, .authority = {}};
  if (questions != 1) return malformed("question count");
  const auto name = cursor.name();
  const auto type = cursor.u16();
  const auto klass = cursor.u16();
  if (!name || !type || !klass) return malformed("question");
  const auto asked = name_in(question);
  if (!asked || *name != *asked || *type != static_cast<unsigned>(question.type) || *klass != class_in)
    return malformed("another question");
  if ((flags & flag_truncated) != 0) return malformed("truncated");

  Message message;
  if (!read_section(cursor, answers, message.answers)) return malformed("answer section");
  if (!read_section(cursor, authority, message.authority)) return malformed("authority section");
  if (!read_additional(cursor, additional, rcode)) return malformed("additional section");
  message.rcode = static_cast<Rcode>(rcode);
  message.authoritative = (flags & flag_authoritative) != 0;
  message.authentic = (flags & flag_authentic) != 0;
  return message;  // bytes behind the last record mean nothing and do no harm
}

}  // namespace godwit::dns
