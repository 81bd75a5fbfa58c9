package workload

import (
	"fmt"
	"math/rand/v2"
)

// words makes what followers write to the account.
type words struct {
	equal, inMessage, inKeyword []string // keywords by the way they match
}

func newWords(table []keyword) *words {
	w := &words{}
	for _, k := range table {
		switch k.match {
		case matchEqual:
			w.equal = append(w.equal, k.word)
		case matchMessageContains:
			w.inMessage = append(w.inMessage, k.word)
		case matchKeywordContains:
			w.inKeyword = append(w.inKeyword, k.word)
		}
	}
	return w
}

// text is a message that hits the table in hitShare of all cases, each way as often.
func (w *words) text(rng *rand.Rand) string {
	if rng.Float64() >= hitShare {
		return miss(rng)
	}
	switch rng.IntN(3) {
	case 0:
		return pick(rng, w.equal)
	case 1:
		return pick(rng, []string{"请问", "你好，", "我想知道", "麻烦问一下"}) + pick(rng, w.inMessage) + pick(rng, []string{"怎么弄？", "", "，谢谢", "在哪里看"})
	}
	// A piece of the keyword: without its first character, without its last, without both,
	// or all of it.
	word := []rune(pick(rng, w.inKeyword))
	from := rng.IntN(2)
	return string(word[from : len(word)-rng.IntN(2)])
}

// miss is a message that no keyword meets. The digits keep most of them different.
func miss(rng *rand.Rand) string {
	return fmt.Sprintf("%s%d", pick(rng, []string{"今天天气真好", "在吗", "哈哈哈", "下班了没有", "早上好呀", "帮我讲个笑话"}), rng.IntN(10_000))
}

func pick(rng *rand.Rand, from []string) string { return from[rng.IntN(len(from))] }
