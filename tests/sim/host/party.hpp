// SPDX-License-Identifier: Apache-2.0
// One end of a wire whose holder is a script: it gets whole lines, and says what it likes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sim/host/wire.hpp"

namespace godwit::sim {

class Party : public std::enable_shared_from_this<Party> {
 public:
  virtual ~Party() { wire_->close(side_); }

 protected:
  Party(World& world, std::shared_ptr<Wire> wire, Side side) : world_(world), wire_(std::move(wire)), side_(side) {}

  // After it is made: the wire keeps it until hang_up(), or until the other end is gone.
  void begin();
  virtual void line(std::string_view line) = 0;  // without CR LF
  virtual void gone() {}                         // the other side ended, or broke
  void say(std::string bytes);
  void half_close();  // when all that was said is on its way
  void hang_up();
  // Reads nothing more, and says nothing.
  void stall() { stalled_ = true; }
  bool is_over() const { return over_; }
  World& world() { return world_; }
  std::shared_ptr<Wire> wire() { return wire_; }

 private:
  void news();
  void send_rest();

  World& world_;
  std::shared_ptr<Wire> wire_;
  Side side_;
  std::string unread_;
  std::string unsaid_;
  bool half_closes_ = false;
  bool stalled_ = false;
  bool over_ = false;
};

}  // namespace godwit::sim
