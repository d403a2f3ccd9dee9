// SPDX-License-Identifier: Apache-2.0
// Makes a message fit for a host that takes less than it has: 8-bit bodies for hosts without 8BITMIME (RFC 6152), and
// BINARYMIME ones (RFC 3030) for hosts and mailboxes that want lines.  The body parts that need it are encoded (RFC
// 2045: quoted-printable for text, base 64 for the rest) and labelled so; all else stays byte by byte.  What comes out
// is canonical whatever came in: CR LF line ends, no bare CR or LF, no NUL.  A stream with bounded memory.  Pure.
//
// Signatures over the parts that are encoded (S/MIME, DKIM) no longer fit, as with every gateway of this kind.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace godwit::mail {

enum class Recoding {
  eight_to_seven,   // 8BITMIME → 7BIT
  binary_to_seven,  // BINARYMIME → 7BIT
  binary_to_eight   // BINARYMIME → 8BITMIME
};

// Headers beyond US-ASCII, of the message and of its parts, for hosts without SMTPUTF8 (mail/header_downgrade).
enum class Headers { as_they_are, ascii };

class Recoder {
 public:
  static constexpr std::size_t max_header = 256 * 1024;  // of the message, or of one part
  static constexpr std::size_t max_depth = 100;          // of parts in parts

  explicit Recoder(Recoding recoding, Headers headers = Headers::as_they_are);
  ~Recoder();
  Recoder(Recoder&&) noexcept;
  Recoder& operator=(Recoder&&) noexcept;

  // Appends what the next bytes of the message come to.  False: it cannot be done (a bound above, an address in the
  // header); the rest is void.
  [[nodiscard]] bool put(std::string_view bytes, std::string& out);
  // After the last byte.
  [[nodiscard]] bool finish(std::string& out);

 private:
  class Walk;
  std::unique_ptr<Walk> walk_;
};

}  // namespace godwit::mail
