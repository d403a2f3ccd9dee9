// SPDX-License-Identifier: Apache-2.0
// What the doctor says: of each thing looked at a verdict, what it rests on, and what would help.  Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::setup {

// warning: mail flows, but worse than it could; or it could not be found out.
enum class Verdict { ok, warning, problem };
constexpr std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::warning:
      return "warning";
    case Verdict::problem:
      break;
  }
  return "problem";
}

struct Finding {
  std::string check;  // "ptr", "spf", ...: stays the same for scripts
  std::string about;  // the address, domain or file
  Verdict verdict = Verdict::ok;
  std::string evidence;  // may hold what others sent; to be made printable
  std::string remedy;    // empty: nothing is to be done
};

class Findings {
 public:
  void ok(std::string check, std::string about, std::string evidence) {
    add({std::move(check), std::move(about), Verdict::ok, std::move(evidence), {}});
  }
  void warn(std::string check, std::string about, std::string evidence, std::string remedy) {
    add({std::move(check), std::move(about), Verdict::warning, std::move(evidence), std::move(remedy)});
  }
  void problem(std::string check, std::string about, std::string evidence, std::string remedy) {
    add({std::move(check), std::move(about), Verdict::problem, std::move(evidence), std::move(remedy)});
  }
  void add(Finding finding) { all_.push_back(std::move(finding)); }

  const std::vector<Finding>& all() const { return all_; }
  Verdict worst() const {
    Verdict worst = Verdict::ok;
    for (const auto& finding : all_) worst = std::max(worst, finding.verdict);
    return worst;
  }

 private:
  std::vector<Finding> all_;
};

}  // namespace godwit::setup
