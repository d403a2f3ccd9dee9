// SPDX-License-Identifier: Apache-2.0
// A message as signatures see it: its header, kept, and hashes of its body, made while it streams by in pieces of any
// size.  One pass over the body serves any number of signatures.  Fed by server/; read by DKIM and ARC.  Pure; one
// message each.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/mail/header.hpp"

namespace godwit::mailauth {

enum class Canonical { simple, relaxed };  // RFC 6376 section 3.4
std::string_view to_string(Canonical form);

// How a body is hashed: with SHA-256, always.
struct BodyHashing {
  Canonical form = Canonical::simple;
  std::optional<std::uint64_t> length{};  // l=: only so many bytes of the canonical body
  bool operator==(const BodyHashing&) const = default;
};

class MessageDigest {
 public:
  // Asked when the header is there: which hashes are needed.
  using Choose = std::function<std::vector<BodyHashing>(const mail::Header&)>;
  explicit MessageDigest(Choose choose);
  ~MessageDigest();
  MessageDigest(const MessageDigest&) = delete;
  MessageDigest& operator=(const MessageDigest&) = delete;

  void put(std::string_view bytes);
  // The message is whole; put() may not be called any more.
  void finish();

  // Requires: finish().  A header beyond the bounds of mail::Header is not complete.
  const mail::Header& header() const { return *header_; }
  // Requires: finish().  Empty: it was not chosen, or the body is shorter than its length.
  std::optional<std::string> body_hash(const BodyHashing& hashing) const;

 private:
  class Lane;
  void begin_body();
  void put_body(std::string_view bytes);

  Choose choose_;
  std::string text_;  // of the header, with the empty line
  std::optional<mail::Header> header_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  bool in_body_ = false;
};

}  // namespace godwit::mailauth
