// Tokens that other implementations signed, for the tests and the fuzzer of auth/usersig.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ferry::gateway {

// All of them are of this application, signed with this key at this time.
inline constexpr uint32_t kVectorApp = 1'400'000'000;
inline constexpr std::string_view kVectorKey =
    "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
inline constexpr int64_t kVectorTime = 1'700'000'000;

// Published vectors of TLSSigAPIv2: made by other implementations (Node's and the stock zlib).
struct UserSigVector {
  const char* name;
  const char* user;
  int64_t lifetime_s;
  const char* signature;
  const char* user_buffer_hex;  // "" when there is none
  const char* node_token;
  const char* zlib_token;
};

inline constexpr UserSigVector kUserSigVectors[] = {
    {"V1", "xiaojun", 15552000, "LvA7d/Iw7gSsnskvVzBDPOCCDbuNCw4GHwTC0bip+B4=", "",
     "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwhWZiflZpXlQqeKU7MSCgswUJStDEwMogMiUZOamKlkZmqOKplYUZ"
     "BaBxE1NTY3gosWZ6UpWSj5ljuYp*p7l5unBxXnF2WVhVU4uAf7Ozi5JpX7O5SbuHuUhzgZJmQXaTia2SrUAohcx8g__",
     "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwhWZiflZpXlQqeKU7MSCgswUJStDEwMogMiUZOamAkXNUUVTKwoyi"
     "0DipqamRnDR4sx0oMk*ZY7mKfqe5ebpwcV5xdllYVVOLgH*zs4uSaV*zuUm7h7lIc4GSZkF2k4mtkq1AKIXMfI_"},
    {"V2", "denny", 604800, "+oPHziShDHva9FZaJ8vfw96L+WmO7X0tGDLo3gNw66g=", "",
     "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwimpeXmVUInilOzEgoLMFCUrQxMDKIDIlGTmpipZGZqjiqZWFGQWp"
     "SpZmRmYWMDEijPTlayUtPMDPKoygzNcPMoSLd2iEr0sytLKLc18tMNz-c0jDErcXXzyjdP9ys3M0m2VagG5ZDBq",
     "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwkB2XiVUojglO7GgIDNFycrQxAAKIDIlmbmpQFFzVNHUioLMIqC4m"
     "YGJBUysODMdaKp2foBHVWZwhotHWaKlW1Sil0VZWrmlmY92eK6-eYRBibuLT75xul*5mVm6rVItALlkMGo_"},
    {"V3", "xiaojun", 300, "0+M4K64lITF5k+8jtQGalx0fgxd1aweZx0fZYfdnvZk=",
     "0000077869616f6a756e53724e00000027106553f22c000000ff00000000",
     "eJxVjU0LgkAURf-L2xoympUMtHgEWWShJEHutJmxUTPxq5Hov0eWi*"
     "7iwj1ncZ8QuEe94xVQMHUCk2FLxotGCjlgJaN72hY-VbMsKkvJgBoW*eVrGnnjQI3FP*WqlBUHOh1BW-MqbgVQQMQNd-"
     "JrbJZGnB-6IEHE1cUPT17vIiJ69qdxfJYJUCDa3trNrXwbrGeZZqeN70S5IiJRzIgePFREhGfBii7MlvB6A36tQqM_",
     "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwhWZiflZpXlQqeKU7MSCgswUJStDEwMogMiUZOamAkXNUUVTKwoyi"
     "4DixjCB0uLUoqTSNKDBjo6OHqnuORlJRgWGSTl*"
     "lSHpQBHn5MCosIBKHyDTMcACRDrCbM5MB2oy0PY18TYzyfEMcTPN1rbIKgl0T8ypMEhLr0gxTCxPjQIyoyLTUvLKorJtl"
     "WoBfq1Cow__"},
    {"V4", "u_1-A", 86400, "85F+uYIZG2DZ3KH4QQU9qyZI348VIvdOmdoMnaUl2lE=",
     "000005755f312d4153724e00fffffffe655542800000002a00000000",
     "eJxVjUsLgkAYRf-Lt63Mx1Q24GKgLMkIKYXchDVjDL4fI0b030PTRWdx4Z67uG*"
     "42GepYSVgUCUZpn3nlKU1D3mvxU2ZkWGoaBTkOaeAFSQP-"
     "JaaJwywsvq3rM15yQDrSzQqUbHyLkLAQAgxqae3tmteHhEi847E85yMdBR9EsMYv-"
     "kTMOgLcyKulr9TN7522CPHcdfFy7c0pHtWQ08JzY5p4MZqvDXg8wVcoz*j",
     "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwqXxhrqOUInilOzEgoLMFCUrQxMDKIDIlGTmpgJFzVFFUysKMouA4"
     "hZmJjCh0uLUoqTSNKDBjo6ObilhFhU*"
     "oW4hydkmjvogkBsWFpjvCAKFYNLR1hZmd2Y6UJOFqZt2aaRnlLuRS5Sxt4dJYGCoZWFllKexiUWYZ1mKf25Kvm9eYmiOU"
     "Y6rrVItAFyjP6M_"},
    {"V5", "xiaojun", 300, "yNlAbaifTRTFJkWZ0seBuiuC8vgGx7dFY3tkC0qBwbE=",
     "0100077869616f6a756e53724e00000000006553f22c000000ff00000000000a31303030303030303430",
     "eJxVjk0LgkAYhP-Lew5RC5SFDmulESVaUuTNxdXetDR1-SD675EfhwYGZp65zBu8-UmqeQEEVEmGWd8x5M8KI*"
     "xxi0F2F89xKsMkyHMMgSgLedSwVPjgQBTtn-I2x4IDmU9AlLxgIgIC1KVbbqU3puYKS*3Oi2kv-*x0*"
     "19w9AHQrD2saTPYbaYnGAOBzk4pCzDyjp65Sy6*XHJDoFjpdWy1Wmhe51Wykl9GwzZL*HwBBtVIUA__",
     "eJxVjlsLgkAUhP-LPod4CRShh9XSCBMtKfLNxdVOmpq6Xoj*e*"
     "bloYEDc76BYd7Is85cQ0ukIpHj0Wr8IaRZDRGMuIMgf7BsjqowCYoCQqQKa37WlNTwpAOV-"
     "yntCigHLi2AVbQkLBqKsYv31EzvRCwEktq9F*NR-"
     "sXprZ9xlAngvDtucTud2y5LIB5KejvFJIDIO3nGIbn6fEU1BkxXmtjs5NC4SXWi8y*tJbsN*nwBBtVIUA__"},
    {"V6", "xiaojun", 300, "kNq5sXxFVNfCCjFj4YJazmPI7HWSA2e6F+4uoU1e8go=",
     "0100077869616f6a756e53724e00000000006553f22c0000002a000000000008726f6f6d20412331",
     "eJxVjrkOglAURP-lthoiiKIvoXghIBokGhSXDsIFHsoiiwGN-"
     "25kKZxq5pxm3nAwLO6JORAQuAmM2808TErmsxbXzEmjKulV4d2cLGMeEF6c9OlMyWIEwkv-"
     "FOuM5QhkOoCqwNytfCBA91TH1T10hYx372ZzCGibq71rjF9R0g7QsHGFZblW1Wi7l*"
     "XhCQuAwM18zIpzrdmmryiRFomXjfOKd2tJP1lUwLk2Eqv0yOMiSGX4fAHpgUcy",
     "eJxVzssKgkAUBuB3mW0hapYluBhE0zBRLLvsFEcdb2NeQovePfOy6F*d8-1wOG9w0m3qiUogAJaiwXLYsY-"
     "yGgd44Ba7JG7yqar8xC0K7AOB4egpY1PjDPXK-ytqC1z2vpqhqVDpNUF-GFpQRfs08tiC8VKjO4VwyN0xO-"
     "03SGQEGHUeu6s1WY6PlijOn*CwP5IYj3V1bRXHCCQpVmLudnBfmanx6sWGLNooC64hZwZtQyKCzxfpgUcy"},
};

inline std::string FromHex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

}  // namespace ferry::gateway
