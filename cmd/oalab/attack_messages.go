package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"oalab/cmd/internal/proc"
	"oalab/mockwechat"
	"oalab/scenarios/attack"
	"oalab/scenarios/workload"
)

// messageFlags are the flags of attack that make its operations messages.
type messageFlags struct {
	accounts  string // file
	account   mockwechat.Account
	mix       string
	followers int
	seed      uint64
}

func (m *messageFlags) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&m.accounts, "accounts", "", "accounts file of mockwechat: send messages of its first account, or of --account")
	flags.StringVar(&m.account.Name, "account", "", "the account of --accounts to use")
	flags.StringVar(&m.account.AppID, "app-id", "", "send messages of this account; it takes the place of --accounts")
	flags.StringVar(&m.account.Token, "token", "", "the token that signs its messages")
	flags.StringVar(&m.account.OriginalID, "original-id", "", "its original id, gh_…: the receiver of its messages")
	flags.StringVar(&m.account.EncodingAESKey, "aes-key", "", "its EncodingAESKey, for --mode safe and compatible")
	flags.StringVar(&m.account.Mode, "mode", "plain", "plain, compatible or safe")
	flags.StringVar(&m.mix, "mix", "text=1", "shares of the messages: text, query, order, event")
	flags.IntVar(&m.followers, "followers", 1000, "how many followers write")
	flags.Uint64Var(&m.seed, "seed", 1, "decides followers and messages")
}

// into makes the operations messages, if the flags name an account.
func (m *messageFlags) into(o *attack.Options, p proc.Proc) error {
	account := m.account
	switch {
	case m.accounts != "" && account.AppID != "":
		return errors.New("--accounts and --app-id both name an account; use one")
	case m.accounts != "":
		list, err := mockwechat.ReadAccounts(p.Path(m.accounts))
		if err != nil {
			return err
		}
		if account, err = m.choose(list); err != nil {
			return err
		}
	case account.AppID == "":
		if account.Name != "" || account.Token != "" || account.EncodingAESKey != "" {
			return errors.New("an account needs --app-id, or --accounts FILE")
		}
		return nil
	}
	account.Name = cmp.Or(account.Name, "demo")
	mix, err := parseMix(m.mix)
	if err != nil {
		return err
	}
	o.Callback = &attack.Callback{Account: account, Mix: mix, Followers: m.followers, Seed: m.seed}
	return nil
}

// choose picks the account that --account names, or the first.
func (m *messageFlags) choose(list []mockwechat.Account) (mockwechat.Account, error) {
	for _, a := range list {
		if m.account.Name == "" || a.Name == m.account.Name {
			return a, nil
		}
	}
	if m.account.Name == "" {
		return mockwechat.Account{}, fmt.Errorf("accounts file %s has no account", m.accounts)
	}
	return mockwechat.Account{}, fmt.Errorf("accounts file %s has no account %q", m.accounts, m.account.Name)
}

// parseMix reads shares such as text=8,query=2.
func parseMix(text string) (workload.Mix, error) {
	var mix workload.Mix
	for part := range strings.SplitSeq(text, ",") {
		kind, number, _ := strings.Cut(part, "=")
		share, err := strconv.ParseFloat(number, 64)
		to := map[string]*float64{"text": &mix.Text, "query": &mix.Query, "order": &mix.Order, "event": &mix.Event}[kind]
		if err != nil || to == nil {
			return mix, fmt.Errorf("--mix has %q; use KIND=SHARE of the kinds text, query, order and event", part)
		}
		*to = share
	}
	return mix, nil
}
