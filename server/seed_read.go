package server

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"oalab/server/internal/binding"
	bindingstore "oalab/server/internal/binding/store"
	"oalab/server/internal/business"
	businessstore "oalab/server/internal/business/store"
	"oalab/server/internal/menu"
	menustore "oalab/server/internal/menu/store"
	"oalab/server/internal/support"
	supportstore "oalab/server/internal/support/store"
	"oalab/server/strictyaml"
	"oalab/server/wechat"
)

// seedFile is what `oaserver seed` reads.
type seedFile struct {
	Account  string        `yaml:"account"`
	Keywords []seedKeyword `yaml:"keywords"`
	Business []seedCode    `yaml:"business"`
	// BindingsCSV has a line openid,phone for each follower.
	BindingsCSV string `yaml:"bindings_csv"`
	// Menus are the buttons of the account's menu.
	Menus []menu.Button `yaml:"menus"`
}

type seedKeyword struct {
	Keyword string   `yaml:"keyword"`
	Match   string   `yaml:"match"`
	Answers []string `yaml:"answers"`
	// Replies are answers of other kinds than a text.
	Replies []seedReply `yaml:"replies"`
	Hidden  bool        `yaml:"hidden"`
}

type seedCode struct {
	Code      string   `yaml:"code"`
	Kind      string   `yaml:"kind"`
	Name      string   `yaml:"name"`
	Commands  []string `yaml:"commands"`
	MenuKey   string   `yaml:"menu_key"`
	Operation string   `yaml:"operation"`
	Product   string   `yaml:"product"`
	// PriceFen is in fen; Effect is now or next (the next month).
	PriceFen int64  `yaml:"price_fen"`
	Effect   string `yaml:"effect"`
	// Months is for how many months a number has it, Limit how many of it at once.
	Months   int      `yaml:"months"`
	Limit    int      `yaml:"limit"`
	Excludes []string `yaml:"excludes"`
	SoldOut  bool     `yaml:"sold_out"`
}

// seedReading is a seed on its way from its file.
type seedReading struct {
	file   seedFile
	lines  strictyaml.Lines
	broken strictyaml.FaultErrors // values that could not be read
	faults []error
}

// seedData is what a file has for the stores.
type seedData struct {
	keywords []support.Entry
	account  string
	business []business.Code
	bindings []binding.Binding
	menu     []menu.Button
	at       func(code string) string // where the file has a business code, "" when it has not
}

// readSeed reads a seed, and says which sections the file has: one with nothing behind its
// key is none. The error names all mistakes with their lines.
func readSeed(path string, cfg Config) (_ seedData, has map[string]bool, _ error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return seedData{}, nil, err
	}
	var r seedReading
	if r.lines, err = strictyaml.Decode(content, &r.file); err != nil {
		r.broken, _ = errors.AsType[strictyaml.FaultErrors](err)
		for _, f := range r.broken {
			r.faults = append(r.faults, f)
		}
		if len(r.lines) == 0 {
			return seedData{}, nil, err // no YAML: there is nothing else to judge
		}
	}
	account, err := seedAccount(r.file.Account, cfg.Accounts)
	if err != nil {
		r.fault("account", err)
	}
	data := seedData{account: account, keywords: r.keywords(), business: r.business(account), bindings: r.bindings(), at: r.at}
	if data.menu = r.file.Menus; len(data.menu) > 0 {
		if err := menu.Validate(data.menu); err != nil {
			r.fault("menus", err)
		}
	}
	has = map[string]bool{
		menustore.SectionMenus:       len(data.menu) > 0,
		supportstore.SectionKeywords: r.file.Keywords != nil, businessstore.SectionBusiness: r.file.Business != nil,
		bindingstore.SectionBindings: len(data.bindings) > 0,
	}
	return data, has, errors.Join(r.faults...)
}

// fault notes what is wrong with a key, each thing for itself. Of an entry that could not be
// read as a whole that alone is said.
func (r *seedReading) fault(key string, err error) {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range several.Unwrap() {
			r.fault(key, one)
		}
		return
	}
	if slices.ContainsFunc(r.broken, func(f *strictyaml.FaultError) bool { return f.Key == key || strings.HasPrefix(f.Key, key+".") }) {
		return
	}
	if line := r.lines.Of(key); line > 0 {
		err = fmt.Errorf("line %d: %s: %w", line, key, err)
	}
	r.faults = append(r.faults, err)
}

func (r *seedReading) keywords() []support.Entry {
	type row struct {
		keyword string
		match   support.Match
	}
	first := map[row]string{}
	var out []support.Entry
	for i, k := range r.file.Keywords {
		key := fmt.Sprintf("keywords[%d]", i)
		entry := support.Entry{Keyword: strings.TrimSpace(k.Keyword), Match: support.Match(k.Match), Answers: k.Answers, Hidden: k.Hidden}
		replies, err := keywordReplies(k.Replies)
		entry.Replies = replies
		if err == nil {
			err = entry.Validate()
		}
		if err != nil {
			r.fault(key, err)
		} else if earlier, doubled := first[row{entry.Keyword, entry.Match}]; doubled {
			r.fault(key, fmt.Errorf("keyword %q with match %s is already on line %d", entry.Keyword, entry.Match, r.lines.Of(earlier)))
		} else {
			first[row{entry.Keyword, entry.Match}] = key
		}
		out = append(out, entry)
	}
	return out
}

// keywordReplies puts the answers of a keyword that are no texts into the platform's words.
func keywordReplies(list []seedReply) (out []wechat.Reply, err error) {
	for i, reply := range list {
		show, err := reply.reply()
		if err != nil {
			return nil, fmt.Errorf("replies[%d]: %w", i, err)
		}
		out = append(out, show)
	}
	return out, nil
}

func (r *seedReading) business(account string) []business.Code {
	first := map[string]string{}
	var out []business.Code
	for i, b := range r.file.Business {
		key := fmt.Sprintf("business[%d]", i)
		code := business.Code{
			Account: account, Code: b.Code, Sort: business.Sort(b.Kind), Name: b.Name,
			Commands: b.Commands, MenuKey: b.MenuKey, Operation: b.Operation, Product: b.Product,
			Terms: business.Terms{
				Fen: b.PriceFen, Effect: b.Effect, Months: b.Months, Limit: b.Limit, Excludes: b.Excludes, SoldOut: b.SoldOut,
			},
		}
		if err := code.Validate(); err != nil {
			r.fault(key, err)
		} else if earlier, doubled := first[code.Code]; doubled {
			r.fault(key, fmt.Errorf("business code %s is already on line %d", code.Code, r.lines.Of(earlier)))
		} else {
			first[code.Code] = key
		}
		out = append(out, code)
	}
	return out
}

// at is the line and key of a business code in the file; "" when it has none.
func (r *seedReading) at(code string) string {
	i := slices.IndexFunc(r.file.Business, func(b seedCode) bool { return b.Code == code })
	key := fmt.Sprintf("business[%d]", i)
	if line := r.lines.Of(key); i >= 0 && line > 0 {
		return fmt.Sprintf("line %d: %s: ", line, key)
	}
	return ""
}

// located says where in the file each code is that makes no catalogue with the others.
func (d seedData) located(err error) error {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		switch one := inner.(type) { //nolint:errorlint // each level is looked at
		case *business.CodeError:
			if one.Account != d.account {
				return err
			}
			return fmt.Errorf("%s%w", d.at(one.Code), one)
		case interface{ Unwrap() []error }:
			var faults []error
			for _, fault := range one.Unwrap() {
				faults = append(faults, d.located(fault))
			}
			return errors.Join(faults...)
		}
	}
	return err
}

// bindings reads lines of openid,phone. Faults name the line, not the number.
func (r *seedReading) bindings() []binding.Binding {
	var out []binding.Binding
	first := map[string]int{}
	lines := bufio.NewScanner(strings.NewReader(r.file.BindingsCSV))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		openid, phone, ok := strings.Cut(line, ",")
		openid, phone = strings.TrimSpace(openid), strings.TrimSpace(phone)
		if !ok || openid == "" || len(phone) != 11 || strings.Trim(phone, "0123456789") != "" {
			r.faults = append(r.faults, fmt.Errorf("bindings_csv line %d: want openid,phone with 11 digits", n))
			continue
		}
		if earlier, doubled := first[openid]; doubled {
			r.faults = append(r.faults, fmt.Errorf("bindings_csv line %d: the follower is already on line %d", n, earlier))
			continue
		}
		first[openid] = n
		out = append(out, binding.Binding{OpenID: openid, Phone: phone})
	}
	if err := lines.Err(); err != nil {
		r.fault("bindings_csv", err)
	}
	return out
}

// seedAccount is the account that a seed is for: a configured one, the first by default.
func seedAccount(name string, accounts []Account) (string, error) {
	if name == "" && len(accounts) > 0 {
		return accounts[0].Name, nil
	}
	for _, a := range accounts {
		if a.Name == name {
			return name, nil
		}
	}
	if name == "" {
		return "", errors.New("no account is configured to load it for")
	}
	return "", fmt.Errorf("account %q is not configured", name)
}
