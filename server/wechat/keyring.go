package wechat

import (
	"errors"
	"fmt"
)

// Keyring is the current key of an account and, after a change in the console,
// the one before it, under which messages still arrive for a while. It is safe
// for concurrent use.
type Keyring struct {
	current, previous *Cipher // previous may be nil
}

// NewKeyring makes the ring of an account; an empty previous key is none. The
// error is ErrKey.
func NewKeyring(appID, current, previous string) (*Keyring, error) {
	k := &Keyring{}
	var err error
	if k.current, err = NewCipher(current, appID); err != nil {
		return nil, err
	}
	if previous == "" {
		return k, nil
	}
	if k.previous, err = NewCipher(previous, appID); err != nil {
		return nil, fmt.Errorf("previous key: %w", err)
	}
	return k, nil
}

// Open decrypts with the key that works and returns its cipher, with which the
// reply is to be encrypted. When none works the error is that of the current
// key, unless the previous one fits and the appid does not.
func (k *Keyring) Open(encrypted string) (message []byte, used *Cipher, err error) {
	message, _, err = k.current.Open(encrypted)
	if err == nil {
		return message, k.current, nil
	}
	if k.previous == nil || errors.Is(err, ErrBase64) || errors.Is(err, ErrAppID) {
		return nil, nil, err
	}
	message, _, older := k.previous.Open(encrypted)
	switch {
	case older == nil:
		return message, k.previous, nil
	case errors.Is(older, ErrAppID):
		return nil, nil, older
	default:
		return nil, nil, err
	}
}
