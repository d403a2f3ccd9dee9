// SPDX-License-Identifier: Apache-2.0
// The milter protocol, version 6, as sendmail's libmilter speaks it: its numbers, and its packets (four bytes of
// length, most significant first, a byte that says what it is, data).  Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::policy {

inline constexpr std::uint32_t milter_version = 6;
inline constexpr std::uint32_t oldest_milter_version = 2;
inline constexpr std::uint32_t milter_version_with_unknown = 3;
inline constexpr std::uint32_t milter_version_with_data = 4;

// What we say (SMFIC_*).
enum class MilterCommand : char {
  abort = 'A',
  body = 'B',
  connect = 'C',
  macros = 'D',
  end_of_message = 'E',
  helo = 'H',
  next_connection = 'K',
  header = 'L',
  mail = 'M',
  end_of_header = 'N',
  negotiate = 'O',
  quit = 'Q',
  rcpt = 'R',
  data = 'T',
  unknown = 'U',
};

// What a milter may do to a message (SMFIF_*).
namespace milter_action {
inline constexpr std::uint32_t add_header = 0x01;
inline constexpr std::uint32_t change_body = 0x02;
inline constexpr std::uint32_t add_recipient = 0x04;
inline constexpr std::uint32_t delete_recipient = 0x08;
inline constexpr std::uint32_t change_header = 0x10;
inline constexpr std::uint32_t quarantine = 0x20;
inline constexpr std::uint32_t change_sender = 0x40;
inline constexpr std::uint32_t add_recipient_with_parameters = 0x80;
inline constexpr std::uint32_t choose_macros = 0x100;
inline constexpr std::uint32_t all = 0x1FF;
}  // namespace milter_action

// Which commands it does not want, or does not answer, and manners of both (SMFIP_*).
namespace milter_step {
inline constexpr std::uint32_t no_connect = 0x01;
inline constexpr std::uint32_t no_helo = 0x02;
inline constexpr std::uint32_t no_mail = 0x04;
inline constexpr std::uint32_t no_rcpt = 0x08;
inline constexpr std::uint32_t no_body = 0x10;
inline constexpr std::uint32_t no_header = 0x20;
inline constexpr std::uint32_t no_end_of_header = 0x40;
inline constexpr std::uint32_t mute_header = 0x80;
inline constexpr std::uint32_t no_unknown = 0x100;
inline constexpr std::uint32_t no_data = 0x200;
inline constexpr std::uint32_t skips = 0x400;  // may say that it has seen enough of the body
inline constexpr std::uint32_t rejected_rcpt = 0x800;
inline constexpr std::uint32_t mute_connect = 0x1000;
inline constexpr std::uint32_t mute_helo = 0x2000;
inline constexpr std::uint32_t mute_mail = 0x4000;
inline constexpr std::uint32_t mute_rcpt = 0x8000;
inline constexpr std::uint32_t mute_data = 0x10000;
inline constexpr std::uint32_t mute_unknown = 0x20000;
inline constexpr std::uint32_t mute_end_of_header = 0x40000;
inline constexpr std::uint32_t mute_body = 0x80000;
inline constexpr std::uint32_t leading_space = 0x100000;  // values of fields keep the blank behind the colon
inline constexpr std::uint32_t all = 0x1FFFFF;
}  // namespace milter_step

// Longest data of a packet that libmilter takes (MILTER_MAX_DATA_SIZE).
inline constexpr std::size_t longest_milter_data = 65535;

std::string milter_packet(MilterCommand command, std::string_view data = {});
void put_milter_number(std::string& out, std::uint32_t number);
// Takes it from the front; empty: it is not there.
std::optional<std::uint32_t> take_milter_number(std::string_view& data);
// Up to a NUL, which is taken too; empty: there is none.
std::optional<std::string_view> take_milter_text(std::string_view& data);

// Finds the packets in what a milter sends.
class MilterPackets {
 public:
  static constexpr std::size_t longest = std::size_t{1} << 20U;  // what no milter should exceed

  struct Packet {
    char code = 0;
    std::string data;
  };
  void put(std::string_view bytes) { bytes_ += bytes; }
  // The next one; empty: it is not all there.  Errors: invalid (a length of nothing, or beyond `longest`); final.
  base::Result<std::optional<Packet>> next();
  bool empty() const { return bytes_.size() == taken_; }

 private:
  std::string bytes_;
  std::size_t taken_ = 0;
};

}  // namespace godwit::policy
