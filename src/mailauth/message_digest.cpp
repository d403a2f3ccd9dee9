// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/message_digest.hpp"

#include <algorithm>
#include <utility>

#include "canonical.hpp"
#include "sha256.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::size_t gathered = 4096;  // hashed at once: a call for each word would cost more than the hashing
constexpr std::size_t piece = 16384;    // made canonical at once, so that little is gathered

// The hash of so many bytes.
struct LimitedHash {
  std::optional<std::uint64_t> length;
  std::uint64_t taken = 0;
  Sha256 hash{};
  std::optional<std::string> digest{};

  void put(std::string_view bytes) {
    if (length) bytes = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), *length - taken));
    taken += bytes.size();
    hash.put(bytes);
  }
  void finish() {
    if (!length || taken == *length) digest = hash.finish();
  }
};

}  // namespace

std::string_view to_string(Canonical form) {
  return form == Canonical::simple ? "simple" : "relaxed";
}

// One canonical form, and all hashes over it.
class MessageDigest::Lane {
 public:
  explicit Lane(Canonical form) : form_(form), body_(form) {}

  Canonical form() const { return form_; }
  LimitedHash* find(std::optional<std::uint64_t> length) {
    const auto found = std::ranges::find(hashes_, length, &LimitedHash::length);
    return found == hashes_.end() ? nullptr : &*found;
  }
  void add(std::optional<std::uint64_t> length) {
    if (find(length) == nullptr) hashes_.push_back({.length = length});
  }
  void put(std::string_view bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      body_.put(bytes.substr(0, piece), gathered_);
      if (gathered_.size() >= gathered) hash();
    }
  }
  void finish() {
    body_.finish(gathered_);
    hash();
    for (auto& one : hashes_) one.finish();
  }

 private:
  void hash() {
    for (auto& one : hashes_) one.put(gathered_);
    gathered_.clear();
  }

  Canonical form_;
  BodyCanonicalizer body_;
  std::string gathered_;
  std::vector<LimitedHash> hashes_;
};

MessageDigest::MessageDigest(Choose choose) : choose_(std::move(choose)) {}
MessageDigest::~MessageDigest() = default;

void MessageDigest::put(std::string_view bytes) {
  if (in_body_) return put_body(bytes);
  // The empty line may lie across two pieces.
  const auto from = text_.size() < 3 ? 0 : text_.size() - 3;
  const auto before = text_.size();
  text_ += bytes;
  const auto end = text_.starts_with("\r\n") ? 0 : text_.find("\r\n\r\n", from);
  if (end == std::string::npos) {
    // Beyond the bounds nothing is signed that can be verified.
    if (text_.size() > mail::Header::max_bytes) begin_body();
    return;
  }
  const auto body = end == 0 && text_.starts_with("\r\n") ? 2 : end + 4;
  text_.resize(body);
  begin_body();
  put_body(bytes.substr(body - before));
}

void MessageDigest::begin_body() {
  in_body_ = true;
  header_.emplace(text_);
  if (!header_->complete()) return;
  for (const auto& hashing : choose_(*header_)) {
    auto lane = std::ranges::find_if(lanes_, [&](const auto& one) { return one->form() == hashing.form; });
    if (lane == lanes_.end()) lane = lanes_.insert(lanes_.end(), std::make_unique<Lane>(hashing.form));
    (*lane)->add(hashing.length);
  }
}

void MessageDigest::put_body(std::string_view bytes) {
  for (const auto& lane : lanes_) lane->put(bytes);
}

void MessageDigest::finish() {
  if (!in_body_) {
    // A message that is a header alone.
    text_ += text_.empty() || text_.ends_with("\r\n") ? "\r\n" : "\r\n\r\n";
    begin_body();
  }
  for (const auto& lane : lanes_) lane->finish();
}

std::optional<std::string> MessageDigest::body_hash(const BodyHashing& hashing) const {
  for (const auto& lane : lanes_) {
    if (lane->form() != hashing.form) continue;
    const auto* found = lane->find(hashing.length);
    return found == nullptr ? std::nullopt : found->digest;
  }
  return {};
}

}  // namespace godwit::mailauth
