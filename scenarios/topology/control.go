package topology

import (
	"fmt"

	"oalab/chaos"
	"oalab/mockwechat"
)

// Control says which control nodes a topology has beside its servers.
type Control struct {
	// Nodes is how many there are.
	Nodes int
	// Accounts are the names of the accounts whose tokens they keep. The platform knows them, too.
	Accounts []string
}

// ControlNode is where a control node is asked.
type ControlNode struct {
	Node

	GRPC string // host:port
}

// ControlServer is the control node of a number, from 1.
func ControlServer(n int) chaos.Target { return chaos.Target(fmt.Sprintf("control%d", n)) }

// The app that reads tokens. It protects nothing.
const (
	controlApp    = "reader"
	controlSecret = "the secret of the readers of a run"
)

// accounts are those of the control nodes, at the platform.
func (c *Control) accounts(like mockwechat.Account) []mockwechat.Account {
	if c == nil {
		return nil
	}
	var all []mockwechat.Account
	for i, name := range c.Accounts {
		all = append(all, alike(like, name, i))
	}
	return all
}

// idle is an account of the control nodes that the platform refuses. A node always keeps the
// tokens of one account at least, which must be none of those that nodes share.
func (c *Control) idle(like mockwechat.Account) mockwechat.Account {
	return alike(like, "idle", len(c.Accounts))
}

// alike is an account like another one except for what an account has of its own.
func alike(like mockwechat.Account, name string, number int) mockwechat.Account {
	return mockwechat.Account{
		Name: name, AppID: fmt.Sprintf("%s-%06d", like.AppID, number), Secret: like.Secret, Token: like.Token,
		OriginalID: fmt.Sprintf("%s-%06d", like.OriginalID, number), TokenLifetime: like.TokenLifetime,
	}
}
