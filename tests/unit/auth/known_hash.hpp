// SPDX-License-Identifier: Apache-2.0
// A hash of crypt(5): method $6$.
#pragma once

namespace godwit::auth {

// Of "password", with salt "salt".
inline constexpr const char* sha512 =
    "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.";

}  // namespace godwit::auth
