// SPDX-License-Identifier: Apache-2.0
#include "wire_body.hpp"

namespace godwit::deliver {
namespace {

mail::Recoding recoding(smtp::BodyType from, smtp::BodyType to) {
  if (from != smtp::BodyType::binary_mime && to == smtp::BodyType::seven_bit) return mail::Recoding::eight_to_seven;
  return to == smtp::BodyType::seven_bit ? mail::Recoding::binary_to_seven : mail::Recoding::binary_to_eight;
}

}  // namespace

WireBody::WireBody(smtp::BodyType body, const smtp::client_action::SendBody& how) : raw_(how.raw) {
  if (how.recoded_to)
    recoder_.emplace(recoding(body, *how.recoded_to),
                     how.downgraded ? mail::Headers::ascii : mail::Headers::as_they_are);
}

bool WireBody::put(std::string_view bytes, std::string& wire) {
  if (raw_) {
    wire += bytes;
    return true;
  }
  if (!recoder_) {
    stuffer_.put(bytes, wire);
    return true;
  }
  recoded_.clear();
  const bool fits = recoder_->put(bytes, recoded_);
  stuffer_.put(recoded_, wire);
  return fits;
}

bool WireBody::finish(std::string& wire) {
  if (raw_) return true;
  if (recoder_) {
    recoded_.clear();
    if (!recoder_->finish(recoded_)) return false;
    stuffer_.put(recoded_, wire);
  }
  stuffer_.finish(wire);
  return true;
}

}  // namespace godwit::deliver
