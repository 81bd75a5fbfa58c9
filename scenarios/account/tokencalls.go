package account

// The interfaces by which the platform gives tokens. Tokens of the two never touch each other.
const (
	PathStableToken = "/cgi-bin/stable_token"
	PathPlainToken  = "/cgi-bin/token"
)

// IsTokenCall reports whether a call to the platform asks for a token.
func IsTokenCall(path string) bool { return path == PathStableToken || path == PathPlainToken }
