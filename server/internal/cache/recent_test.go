package cache

import (
	"testing"
	"time"
)

// TestRecentAnswers: an answer is found until its life ends or its number is changed, and an
// answer that was asked for before the change is not found after it (BIZ-3).
func TestRecentAnswers(t *testing.T) {
	c, err := New(Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	const life = 300 * time.Millisecond
	r := NewRecent(c, life)
	const phone, other, question = "13800000001", "13800000002", "QueryPoints"
	miss := func(what string) string {
		t.Helper()
		answer, mark, found, asked := r.Get(ctx, phone, question)
		if found || !asked {
			t.Errorf("%s: %q, found %t, asked %t", what, answer, found, asked)
		}
		return mark
	}
	hit := func(phone, want string) {
		t.Helper()
		if answer, _, found, _ := r.Get(ctx, phone, question); !found || string(answer) != want {
			t.Errorf("%s: %q, found %t, want %q", phone, answer, found, want)
		}
	}
	mark := miss("at the beginning")
	r.Put(ctx, phone, question, mark, []byte("1"))
	r.Put(ctx, other, question, mark, []byte("2"))
	hit(phone, "1")
	if _, _, found, _ := r.Get(ctx, phone, "QueryPackage"); found {
		t.Error("another question has the answer")
	}
	r.Forget(ctx, phone)
	hit(other, "2")
	next := miss("after a change")
	r.Put(ctx, phone, question, mark, []byte("late"))
	miss("an answer from before the change")
	r.Put(ctx, phone, question, next, []byte("3"))
	hit(phone, "3")
	from := time.Now()
	for {
		if _, _, found, _ := r.Get(ctx, phone, question); !found {
			break
		}
		if time.Since(from) > 10*life {
			t.Fatal("an answer never ended")
		}
		<-time.After(5 * time.Millisecond)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, found, asked := r.Get(ctx, phone, question); found || asked {
		t.Errorf("without Redis: found %t, asked %t", found, asked)
	}
}
