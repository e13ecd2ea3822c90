package identity

// importedPassword is the password behind importedHashes, which were made by
// other programs: Python's hashlib (pbkdf2, scrypt, salted SHA-1, phpass) and openssl passwd (sha-crypt).
const importedPassword = "Tr0ub4dor & 3 cafés"

var importedHashes = map[string]string{
	"pbkdf2-sha256": "$pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0c2FsdA$hsy/AoHgYfCVaiOKeXZFlXOOQFUAj7TiDv6lPvc66pA",
	"pbkdf2-sha512": "$pbkdf2-sha512$1000$c2FsdHNhbHRzYWx0c2FsdA$ShV9s5NsjAVfkXiuTgxgO5E5ebavmm/pIBwDmRK4ETlIFYw9OlEjsdxeARvwna9yO/rQyEWAiAUhFpInHUI0CA",
	"scrypt":        "$scrypt$ln=4,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$GKXABI1sCYy+Og30qQzFmc4Dw9zYq4uY+lIvLiutZCo",
	"sha256-crypt":  "$5$saltsaltsalt$FmuLdx5pkYzBr3tk4DDC0MIYyz0HqD/xr3YofJZwX40",
	"sha512-crypt":  "$6$saltsaltsalt$QAClK4RaG1GRD8IHBFfK/Jj.8UkrJIsp8pN8k.4ycy.TL8dMqfmgI6ApfCQc1tvNrjUNLfuPhkEDmitSe5GkT1",
}

// weakHashes are of the same password, and are stored only inside an Argon2id hash.
var weakHashes = map[string]string{
	"sha1, salt before": "sha1$9f86d081884c7d65$9cebffb521e7c3064b30e60dff5221dad5615d3d",
	"sha1, salt after":  "{SSHA}2ZxtwbSP+VemOg8fOMjDP2dMCpBzYWx0c2FsdA==",
	"phpass":            "$P$7saltsalt2LqiAA2miW4RyipKH4BSd1",
}
