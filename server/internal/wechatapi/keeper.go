package wechatapi

import (
	"context"
	"fmt"
	"time"
)

// keeper keeps the access token of one account. Callers that need a fetch wait
// for one fetch: turn holds a place for the one who does it.
type keeper struct {
	account Account
	client  *Client
	now     func() time.Time

	turn    chan struct{}
	current string
	until   time.Time
}

// margin is how long before its end a token is no longer used: a quarter of
// its life, five minutes at most, as the platform renews it in that time.
func margin(lifetime time.Duration) time.Duration {
	return min(5*time.Minute, lifetime/4)
}

// token returns the kept token, or fetches one.
func (k *keeper) token(ctx context.Context) (string, error) {
	if err := k.enter(ctx); err != nil {
		return "", fmt.Errorf("wait for the access token of account %s: %w", k.account.Name, err)
	}
	defer k.leave()
	if k.current != "" && k.now().Before(k.until) {
		return k.current, nil
	}
	var answer struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"` // seconds
	}
	asked := k.now()
	err := k.client.post(ctx, pathToken, "", map[string]any{
		"grant_type": "client_credential", "appid": k.account.AppID, "secret": k.account.Secret, "force_refresh": false,
	}, &answer, k.account.Secret)
	if err != nil {
		return "", fmt.Errorf("fetch access token of account %s: %w", k.account.Name, err)
	}
	if answer.Token == "" || answer.Expires <= 0 {
		return "", fmt.Errorf("fetch access token of account %s: the answer has no token or no lifetime", k.account.Name)
	}
	lifetime := time.Duration(answer.Expires) * time.Second
	k.current, k.until = answer.Token, asked.Add(lifetime-margin(lifetime))
	return k.current, nil
}

// reject forgets a token that the platform refused, unless it is replaced already.
func (k *keeper) reject(token string) {
	k.turn <- struct{}{}
	defer k.leave()
	if k.current == token {
		k.current = ""
	}
}

func (k *keeper) enter(ctx context.Context) error {
	select {
	case k.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *keeper) leave() { <-k.turn }
