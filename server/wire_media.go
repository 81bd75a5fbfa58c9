package server

import (
	"time"

	"oalab/server/internal/media"
	mediastore "oalab/server/internal/media/store"
	"oalab/server/internal/part"
)

// mediaCopies knows by which media_id answers show files.
func (b *build) mediaCopies() (*media.Copies, error) {
	return shared(b, "copies of media", func() (*media.Copies, error) {
		db, err := b.core()
		if err != nil {
			return nil, err
		}
		return media.NewCopies(mediastore.New(db), b.reg)
	})
}

// mediaEvents notes what followers send.
func (b *build) mediaEvents() (part.Part, error) {
	db, err := b.core()
	if err != nil {
		return part.Part{}, err
	}
	keeps := make(map[string]bool)
	for _, a := range b.cfg.Accounts {
		keeps[a.Name] = b.cfg.Media.Receive == media.ReceiveKeep && b.cfg.WeChat.APIBase != "" && platformAccount(a).MayMedia()
	}
	return part.Part{Listens: media.Listeners(mediastore.New(db), func(account string) bool { return keeps[account] })}, nil
}

// media uploads, renews and fetches.
func (b *build) media() (*media.Service, error) { return shared(b, "media", b.openMedia) }

func (b *build) openMedia() (*media.Service, error) {
	var err error
	db := ask(&err, b.core)
	platform := ask(&err, b.wechat)
	ask(&err, b.tokens) // the platform is asked with them
	files := ask(&err, b.files)
	if err != nil {
		return nil, err
	}
	return media.New(media.Config{Settings: b.cfg.Media, Seed: uint64(time.Now().UnixNano())}, mediastore.New(db), files, platform, b.log, b.reg)
}

// mediaJobs fetches what followers sent, and keeps the files of answers alive.
func (b *build) mediaJobs() (part.Part, error) {
	service, err := b.media()
	if err != nil {
		return part.Part{}, err
	}
	if b.cfg.WeChat.APIBase == "" {
		return part.Part{Jobs: service.Jobs()}, nil
	}
	return part.Part{Jobs: service.Jobs(), Loops: []part.Loop{{Name: "media", Run: service.Run}}}, nil
}
