package topup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Amounts are sums of money in yuan, in ascending order.
type Amounts []int64

// UnmarshalText reads numbers such as "30,50", with spaces or commas between.
func (a *Amounts) UnmarshalText(text []byte) error {
	var amounts Amounts
	for word := range strings.FieldsFuncSeq(string(text), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' }) {
		yuan, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return fmt.Errorf("amounts: %.20q is no number of yuan", word)
		}
		amounts = append(amounts, yuan)
	}
	*a = amounts
	return amounts.validate()
}

// String is the form in which they are written.
func (a Amounts) String() string {
	words := make([]string, 0, len(a))
	for _, yuan := range a {
		words = append(words, strconv.FormatInt(yuan, 10))
	}
	return strings.Join(words, ",")
}

func (a Amounts) validate() error {
	if len(a) == 0 || len(a) > 12 {
		return fmt.Errorf("amounts: %d of them are not 1 to 12", len(a))
	}
	for i, yuan := range a {
		if yuan < minYuan || yuan > maxYuan || i > 0 && yuan <= a[i-1] {
			return fmt.Errorf("amounts: %d is not from %d to %d yuan, or not above the one before", yuan, minYuan, maxYuan)
		}
	}
	return nil
}

// has reports whether the page offers an amount in fen.
func (a Amounts) has(fen int64) bool { return fen%100 == 0 && slices.Contains(a, fen/100) }
