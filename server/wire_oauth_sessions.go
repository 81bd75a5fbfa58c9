package server

import (
	"path/filepath"

	"oalab/server/internal/cache"
	"oalab/server/internal/oauth"
	"oalab/server/internal/oauth/sessionfiles"
	"oalab/server/internal/part"
)

// Where the sessions of the login may be.
var (
	_ oauth.Sessions = (*cache.Sessions)(nil)
	_ oauth.Sessions = (*sessionfiles.Store)(nil)
)

// loginKeys are those of the configuration, or one of this server's own.
func (b *build) loginKeys() (*oauth.Keyring, error) {
	key := string(b.cfg.OAuth.Key)
	if key == "" {
		var err error
		if key, err = oauth.OwnKey(filepath.Join(b.cfg.DataDir, "oauth.key")); err != nil {
			return nil, err
		}
	}
	return oauth.NewKeyring(key, string(b.cfg.OAuth.PreviousKey))
}

// loginSessions are in Redis, or in files of this server.
func (b *build) loginSessions() (oauth.Sessions, []part.Loop, error) {
	if b.cfg.OAuth.Sessions == oauth.SessionsShared {
		redis, err := b.redis()
		if err != nil {
			return nil, nil, err
		}
		return cache.NewSessions(redis), nil, nil
	}
	files, err := sessionfiles.Open(filepath.Join(b.cfg.DataDir, "oauth"), b.log)
	if err != nil {
		return nil, nil, err
	}
	return files, []part.Loop{{Name: "sessions", Run: files.Run}}, nil
}
