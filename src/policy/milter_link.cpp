// SPDX-License-Identifier: Apache-2.0
#include "milter_link.hpp"

#include <algorithm>
#include <utility>

namespace godwit::policy {
namespace {

constexpr std::size_t gathered_output = 64U << 10U;  // of what waits for no answer

}  // namespace

net::Task<> MilterLink::negotiate(base::MonoTime deadline) {
  tell(MilterDialogue::negotiate());
  auto sent = co_await flush(deadline);
  if (!sent) co_return sent;
  auto packet = co_await receive(deadline);
  if (!packet) co_return std::unexpected(std::move(packet.error()));
  auto agreed = dialogue_.hear(packet->code, packet->data);
  if (!agreed) co_return std::unexpected(std::move(agreed.error()));
  co_return base::Result<>();
}

net::Task<> MilterLink::flush(base::MonoTime deadline) {
  const std::string bytes = std::exchange(output_, {});
  if (bytes.empty()) co_return base::Result<>();
  co_return co_await net::write_all(*stream_, bytes, deadline);
}

net::Task<MilterPackets::Packet> MilterLink::receive(base::MonoTime deadline) {
  for (;;) {
    auto packet = packets_.next();
    if (!packet) co_return std::unexpected(std::move(packet.error()));
    if (*packet) co_return std::move(**packet);
    auto got = co_await net::read_some(*stream_, scratch_, deadline);
    if (!got) co_return std::unexpected(std::move(got.error()));
    packets_.put({scratch_.data(), *got});
  }
}

net::Task<MilterVerdict> MilterLink::ask(MilterDialogue::Step step, base::Duration patience, base::MonoTime end,
                                         MilterBodyTaker* body) {
  output_ += step.bytes;
  if (!step.answered && output_.size() < gathered_output) co_return MilterVerdict{};
  if (step.answered && !packets_.empty())
    co_return base::fail(base::ErrorKind::invalid, "it answers what was not asked");
  auto sent = co_await flush(std::min(network_.now() + patience, end));
  if (!sent) co_return std::unexpected(std::move(sent.error()));
  while (step.answered) {
    auto packet = co_await receive(std::min(network_.now() + patience, end));
    if (!packet) co_return std::unexpected(std::move(packet.error()));
    auto heard = dialogue_.hear(packet->code, packet->data);
    if (!heard) co_return std::unexpected(std::move(heard.error()));
    if (auto* verdict = std::get_if<MilterVerdict>(&*heard)) co_return std::move(*verdict);
    const auto* piece = std::get_if<MilterBody>(&*heard);
    if (piece == nullptr) continue;
    if (body == nullptr) co_return base::fail(base::ErrorKind::invalid, "a new body has no place here");
    auto taken = co_await body->take(piece->bytes);
    if (!taken) co_return std::unexpected(std::move(taken.error()));
  }
  co_return MilterVerdict{};
}

bool MilterLink::settle() {
  if (!packets_.empty() || stream_->peer_finished()) return false;
  const std::string bytes = std::exchange(output_, {});
  if (bytes.empty()) return true;
  const auto written = stream_->try_write(bytes);
  return written.status == net::IoResult::Status::ok && written.bytes == bytes.size();
}

void MilterLink::say_goodbye() {
  tell(MilterDialogue::quit());
  std::ignore = settle();
  stream_->shutdown();
}

}  // namespace godwit::policy
