package packet

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"oalab/server/internal/config"
	"oalab/server/redpacket"
)

// Settings is the red packets of mobile data. Amounts are in MB.
type Settings struct {
	// Allocator divides packets whose shares are random: simplex, doublemean, or thesis, which may give zeros.
	Allocator string `yaml:"allocator"`
	// Life is for how long a packet can be grabbed. What is left returns to its sender then.
	Life config.Period `yaml:"life"`
	// MaxShares is how many shares one packet has at most.
	MaxShares int `yaml:"max_shares"`
	// MaxUnits is the largest amount of one packet.
	MaxUnits int `yaml:"max_units"`
	// Daily is what the daily system packet holds: pairs of messages:units, such as 0:1 5:3; a follower with that many
	// messages in the time of Activity, or more, gets these units.
	Daily Levels `yaml:"daily"`
	// Activity is for how long back a follower's messages count.
	Activity config.Period `yaml:"activity"`
	// ReturnEvery is how often a server looks for packets whose time has passed.
	ReturnEvery config.Duration `yaml:"return_every"`
	// RedeemEvery is how often a worker looks for data on its way to phones.
	RedeemEvery config.Duration `yaml:"redeem_every"`
	// SendsPerMinute bounds the packets that one follower sends, the daily packets and the redemptions that one asks for.
	SendsPerMinute int `yaml:"sends_per_minute"`
	// GrabsPerMinute bounds all other calls of one follower.
	GrabsPerMinute int `yaml:"grabs_per_minute"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings {
	return Settings{
		Allocator: redpacket.Default().Name(), Life: config.Day, MaxShares: 500, MaxUnits: 10_000,
		Daily: Levels{{0, 1}, {5, 3}, {20, 10}}, Activity: 30 * config.Day, ReturnEvery: config.Duration(10 * time.Second), RedeemEvery: config.Duration(time.Second),
		SendsPerMinute: 10, GrabsPerMinute: 60,
	}
}

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	if _, err := redpacket.ByName(s.Allocator); err != nil {
		f.Add("packet.allocator", "%v", err)
	}
	if s.Life < config.Period(time.Second) || s.Life > 30*config.Day {
		f.Add("packet.life", "%v is not from 1s to 30d", s.Life)
	}
	if s.MaxShares < 1 || s.MaxShares > maxShares {
		f.Add("packet.max_shares", "%d is not from 1 to %d", s.MaxShares, maxShares)
	}
	if s.MaxUnits < s.MaxShares || s.MaxUnits > redpacket.MaxTotal {
		f.Add("packet.max_units", "%d is below max_shares, %d, or above %d", s.MaxUnits, s.MaxShares, redpacket.MaxTotal)
	}
	if err := s.Daily.validate(); err != nil {
		f.Add("packet.daily", "%v", err)
	}
	if s.Activity < config.Day || s.Activity > 184*config.Day {
		f.Add("packet.activity", "%v is not from 1d to 184d, for which messages are kept", s.Activity)
	}
	if s.ReturnEvery < config.Duration(100*time.Millisecond) || s.ReturnEvery > config.Duration(time.Hour) {
		f.Add("packet.return_every", "%v is not from 100ms to 1h", s.ReturnEvery)
	}
	if s.RedeemEvery < config.Duration(100*time.Millisecond) || s.RedeemEvery > config.Duration(time.Hour) {
		f.Add("packet.redeem_every", "%v is not from 100ms to 1h", s.RedeemEvery)
	}
	if s.SendsPerMinute < 1 {
		f.Add("packet.sends_per_minute", "must be positive")
	}
	if s.GrabsPerMinute < 1 {
		f.Add("packet.grabs_per_minute", "must be positive")
	}
}

// maxShares bounds max_shares: a packet is stored in one transaction.
const maxShares = 10_000

// Level is what followers of some activity get.
type Level struct {
	// Messages is how many messages it takes at least.
	Messages int
	// Units is the amount in MB; 0 for nothing.
	Units int64
}

// Levels are in ascending order, the first from 0 messages.
type Levels []Level

// UnmarshalText reads pairs of messages and units, such as "0:1 5:3", with spaces or commas between.
func (l *Levels) UnmarshalText(text []byte) error {
	var levels Levels
	for pair := range strings.FieldsFuncSeq(string(text), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' }) {
		from, amount, ok := strings.Cut(pair, ":")
		messages, wrong := strconv.Atoi(from)
		units, bad := strconv.ParseInt(amount, 10, 64)
		if !ok || wrong != nil || bad != nil {
			return fmt.Errorf("levels: %.20q is not a number of messages and an amount, such as 5:3", pair)
		}
		levels = append(levels, Level{messages, units})
	}
	*l = levels
	return levels.validate()
}

// String is the form in which they are written.
func (l Levels) String() string {
	pairs := make([]string, 0, len(l))
	for _, level := range l {
		pairs = append(pairs, fmt.Sprintf("%d:%d", level.Messages, level.Units))
	}
	return strings.Join(pairs, " ")
}

// mostDaily bounds what the system gives a follower a day, in MB.
const mostDaily = 10_000

func (l Levels) validate() error {
	if len(l) == 0 || l[0].Messages != 0 {
		return errors.New("levels: the first begins at 0 messages, as in 0:1 5:3")
	}
	for i, level := range l {
		if level.Units < 0 || level.Units > mostDaily || level.Messages > 10_000 {
			return fmt.Errorf("levels: %d:%d is not within 10000 messages and 0 to %d units", level.Messages, level.Units, mostDaily)
		}
		if i > 0 && level.Messages <= l[i-1].Messages {
			return fmt.Errorf("levels: %d messages come after %d", level.Messages, l[i-1].Messages)
		}
	}
	return nil
}

// most is the number of messages from which on more make no difference.
func (l Levels) most() int { return l[len(l)-1].Messages }

// units is what a follower with so many messages gets.
func (l Levels) units(messages int) (units int64) {
	for _, level := range l {
		if messages >= level.Messages {
			units = level.Units
		}
	}
	return units
}
