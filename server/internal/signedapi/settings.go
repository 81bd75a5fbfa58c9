package signedapi

import (
	"fmt"
	"regexp"
	"slices"

	"oalab/server/internal/config"
)

// Right is a kind of work that an app may ask for.
type Right string

// The rights.
const (
	RightTokens   Right = "tokens"          // read tokens and tickets, report one that is dead
	RightSettings Right = "settings"        // read the settings of accounts
	RightChange   Right = "change-settings" // change them
)

var rights = []Right{RightTokens, RightSettings, RightChange}

// App is another system, or a server of this one, that signs its requests.
type App struct {
	// Name is what the app calls itself in its requests; it is unique.
	Name string `yaml:"name"`
	// Secret is what it signs with, 32 characters or more.
	Secret config.Secret `yaml:"secret"`
	// PreviousSecret is the secret before the last change; what it signs is still taken. Empty means none.
	PreviousSecret config.Secret `yaml:"previous_secret"`
	// Rights are what it may ask for: tokens, settings, change-settings.
	Rights []string `yaml:"rights"`
	// MD5 lets it sign with MD5, which is weak: for systems that know no other.
	MD5 bool `yaml:"md5"`
}

// May reports whether the app has a right.
func (a App) May(r Right) bool { return slices.Contains(a.Rights, string(r)) }

// Settings are the systems that sign their requests.
type Settings struct {
	// Apps are the systems by name; without any, what needs a signature is not served.
	Apps []App `yaml:"apps"`
}

// minSecret is the length of the shortest secret.
const minSecret = 32

var appName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,32}$`)

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	seen := make(map[string]bool)
	for i, a := range s.Apps {
		key := fmt.Sprintf("api.apps[%d]", i)
		if !appName.MatchString(a.Name) {
			f.Add(key+".name", "%q is not 1 to 32 letters, digits, - or _", a.Name)
		}
		if seen[a.Name] {
			f.Add(key+".name", "two apps are called %s", a.Name)
		}
		seen[a.Name] = true
		if len(a.Secret) < minSecret {
			f.Add(key+".secret", "is shorter than %d characters", minSecret)
		}
		if a.PreviousSecret != "" && len(a.PreviousSecret) < minSecret {
			f.Add(key+".previous_secret", "is shorter than %d characters", minSecret)
		}
		if len(a.Rights) == 0 {
			f.Add(key+".rights", "must not be empty")
		}
		for _, r := range a.Rights {
			if !slices.Contains(rights, Right(r)) {
				f.Add(key+".rights", "%q is none of %v", r, rights)
			}
		}
	}
}
