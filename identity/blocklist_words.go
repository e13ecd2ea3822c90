package identity

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// The lists are written by hand for this repository. Lines that begin with #
// are comments; words stand between spaces or on lines of their own.
var (
	// blocklistText holds building blocks of four characters or more.
	//go:embed blocklist.txt
	blocklistText string

	// blocklistLongText holds what is long enough to be a password all by itself.
	//go:embed blocklist_long.txt
	blocklistLongText string
)

// words is a sorted list. A map or a tree of the same words takes twenty times
// the memory, for a check that happens when somebody chooses a password.
type words []string

// blocklist is made when the first password is chosen, not when the program starts.
var blocklist = sync.OnceValue(func() words {
	list := append(readWords(blocklistText), readWords(blocklistLongText)...)
	slices.Sort(list)
	return slices.Compact(list)
})

func readWords(text string) (list words) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			if utf8.RuneCountInString(word) >= 4 {
				list = append(list, foldForComparison(word))
			}
		}
	}
	return list
}

// leet maps what is written to the letter it stands for.
var leet = map[rune]rune{
	'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '9': 'g',
	'@': 'a', '$': 's', '!': 'i', '|': 'l', '€': 'e', '+': 't', '(': 'c',
}

// lengths of all words that the text starts with. A digit or mark is followed
// both as itself and as the letters it stands for.
func (w words) lengths(text []rune) (found []int) {
	w.collect(text, 0, 0, &found)
	return found
}

// collect narrows the words down to those that go on like the text. All of them
// share their first size bytes, which stand for the first depth characters.
func (w words) collect(text []rune, depth, size int, found *[]int) {
	if len(w) == 0 {
		return
	}
	if len(w[0]) == size {
		*found = append(*found, depth)
	}
	if depth == len(text) {
		return
	}
	follow := func(r rune) { w.following(size, r).collect(text, depth+1, size+utf8.RuneLen(r), found) }
	r := text[depth]
	follow(r)
	if letter, ok := leet[r]; ok {
		follow(letter)
	}
	if r == '1' {
		follow('l')
	}
}

// following are the words that have the character after their first size bytes.
func (w words) following(size int, r rune) words {
	next := string(r)
	from, _ := slices.BinarySearchFunc(w, next, func(word, next string) int { return strings.Compare(word[size:], next) })
	rest := w[from:]
	until, _ := slices.BinarySearchFunc(rest, next, func(word, next string) int {
		if strings.HasPrefix(word[size:], next) {
			return -1
		}
		return 1
	})
	return rest[:until]
}
