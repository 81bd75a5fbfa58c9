package chat_test

import (
	"strconv"
	"testing"
	"time"

	"oalab/mockwechat/chat"
	"oalab/mockwechat/message"
)

func text(s string) message.Shown { return message.Shown{Kind: "text", Text: s} }

// TestAChatIsBounded: the last entries of the phones that were looked at last, and nothing of
// a phone that is off.
func TestAChatIsBounded(t *testing.T) {
	var b chat.Book
	now := time.Unix(1_700_000_000, 0)
	b.Add("o1", chat.FromAccount, now, text("before"))
	if list, _ := b.Look("o1", 0); len(list) != 0 || !b.Keeps("o1") {
		t.Fatalf("%v", list)
	}
	const surplus = 5
	for i := range chat.MaxEntries + surplus {
		b.Add("o1", chat.FromAccount, now, text(strconv.Itoa(i)))
	}
	list, _ := b.Look("o1", 0)
	if len(list) != chat.MaxEntries || list[0].Number != surplus+1 || list[0].Text != strconv.Itoa(surplus) {
		t.Fatalf("%d entries, the first %+v", len(list), list[0])
	}
	if list, _ = b.Look("o1", chat.MaxEntries+surplus-1); len(list) != 1 {
		t.Errorf("after the last but one: %d", len(list))
	}
	for i := range chat.MaxPhones {
		b.Look("x"+strconv.Itoa(i), 0)
	}
	if b.Keeps("o1") || !b.Keeps("x0") || !b.Keeps("x"+strconv.Itoa(chat.MaxPhones-1)) {
		t.Error("the phone that was looked at longest ago is not the one that went off")
	}
}

func TestALookIsToldOfTheNextEntry(t *testing.T) {
	var b chat.Book
	_, changed := b.Look("o1", 0)
	b.AddEach(func(id string) bool { return id == "o1" }, time.Unix(1, 0), text("news"))
	select {
	case <-changed:
	default:
		t.Error("not told")
	}
	if list, _ := b.Look("o1", 0); len(list) != 1 || list[0].From != chat.FromAccount {
		t.Errorf("%v", list)
	}
}
