package identity

import (
	"strings"
	"unicode"
)

// walks are the rows and columns that fingers follow. Two rows by turns (a1s2d3)
// stand in the list of words: as walks they would join the digits and letters of
// a random password in hexadecimal.
var walks = []string{
	"abcdefghijklmnopqrstuvwxyz", "01234567890", "!@#$%^&*()_+", "!\"§$%&/()=?",
	"qwertyuiop[]", "qwertzuiopü", "azertyuiop", "asdfghjkl;'", "asdfghjklöä", "qsdfghjklm", "zxcvbnm,./", "yxcvbnm,.-", "wxcvbn",
	"1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,", "9ol.", "1q2w3e4r5t6y7u8i9o0p",
	"йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю",
}

// blocks are the three letters that a hand plays at once: the beginnings of the
// rows and the columns. Other neighbours stand together in words by chance.
const blocks = "qwe asd zxc yxc qsd wxc qaz wsx edc rfv tgb yhn ujm йцу фыв ячс"

var neighbours = func() map[[2]rune]bool {
	pairs := map[[2]rune]bool{}
	for _, walk := range walks {
		keys := []rune(walk)
		for i := 1; i < len(keys); i++ {
			pairs[[2]rune{keys[i-1], keys[i]}] = true
			pairs[[2]rune{keys[i], keys[i-1]}] = true
		}
	}
	return pairs
}()

// walkLength follows neighbours on a keyboard row or column, or in the alphabet,
// forwards or backwards. "red" and "were" are walks by chance, so letters count
// from four, unless they are abc or a block.
func walkLength(text []rune) int {
	n := 1
	for n < len(text) && neighbours[[2]rune{text[n-1], text[n]}] {
		n++
	}
	if n == 3 && unicode.IsLetter(text[0]) && text[1]-text[0] != text[2]-text[1] && !isBlock(text[:3]) {
		return 0
	}
	return n
}

func isBlock(text []rune) bool {
	backwards := string([]rune{text[2], text[1], text[0]})
	return strings.Contains(blocks, string(text)) || strings.Contains(blocks, backwards)
}

// Where a Russian keyboard has its letters. People who think of a Russian word
// and type it on Latin keys get "gfhjkm" for "пароль".
const (
	latinKeys    = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
	cyrillicKeys = "йцукенгшщзхъфывапролджэячсмитьбю"
)

// onRussianKeys is what the same keys write on a Russian keyboard.
var onRussianKeys = func() *strings.Replacer {
	var pairs []string
	cyrillic := []rune(cyrillicKeys)
	for i, key := range latinKeys {
		pairs = append(pairs, string(key), string(cyrillic[i]))
	}
	return strings.NewReplacer(pairs...)
}()
